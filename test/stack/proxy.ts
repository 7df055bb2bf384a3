import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

export interface Proxy {
  /** With user and password. */
  url: string
  /** What it was asked for, host:port each. */
  readonly asked: string[]
  close(): Promise<void>
}

export const PROXY_LOGIN = { user: 'proxy-user', password: 'proxy:pass/word' }

/**
 * An HTTP proxy that takes CONNECT from who knows its login.
 *
 * @param resolve where a host:port that is asked for really is
 */
export async function startProxy(resolve: (target: string) => string = (target) => target): Promise<Proxy> {
  const asked: string[] = []
  const wanted = `Basic ${Buffer.from(`${PROXY_LOGIN.user}:${PROXY_LOGIN.password}`).toString('base64')}`
  const open = new Set<{ destroy(): void }>()
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connect', (request, socket) => {
    open.add(socket)
    if (request.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    asked.push(request.url ?? '')
    const [host = '', port] = resolve(request.url ?? '').split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    open.add(onward)
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const login = `${PROXY_LOGIN.user}:${encodeURIComponent(PROXY_LOGIN.password)}`
  return {
    url: `http://${login}@127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((closed) => {
        for (const socket of open) socket.destroy()
        server.close(() => closed())
      }),
  }
}
