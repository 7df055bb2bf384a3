import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { findFreePort } from './free-port.ts'

/** A door in front of a server: closed, nobody answers at its port; open, it leads there. */
export interface TcpProxy {
  port: number
  /** That have come so far. */
  readonly connections: number
  open(): Promise<void>
  close(): Promise<void>
}

/**
 * @param target host:port of the real server
 * @param address where it listens
 */
export async function createTcpProxy(target: string, address = '127.0.0.1'): Promise<TcpProxy> {
  const [host = '', targetPort] = target.split(':')
  const port = await findFreePort()
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((inside) => {
    connections += 1
    const outside = connect(Number(targetPort), host)
    for (const [from, to] of [[inside, outside] as const, [outside, inside] as const]) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  return {
    port,
    get connections() {
      return connections
    },
    async open() {
      server.listen(port, address)
      await once(server, 'listening')
      if ((server.address() as AddressInfo).port !== port) throw new Error(`port ${port} is taken`)
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      if (server.listening) {
        server.close()
        await once(server, 'close')
      }
    },
  }
}
