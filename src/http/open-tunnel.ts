import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'

/**
 * A connection through an HTTP proxy, by CONNECT (RFC 9110, section 9.3.6).
 *
 * @param proxy with user and password, if it wants them
 * @param target host:port
 * @param ca who may have signed the certificate of a proxy behind https; undefined: whom Node trusts
 * @throws Error naming the proxy, without its login
 */
export function openTunnel(proxy: URL, target: string, timeoutMs: number, ca?: string[]): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const fail = (why: string, cause?: unknown) =>
    reject(new Error(`the proxy of HTTPS_PROXY (${proxy.host}) gives no way to ${target}: ${why}`, { cause }))
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  const isSecure = proxy.protocol === 'https:'
  const asking = (isSecure ? requestHttps : requestHttp)({
    host: proxy.hostname,
    port: Number(proxy.port) || (isSecure ? 443 : 80),
    method: 'CONNECT',
    path: target,
    headers: {
      host: target,
      ...(login !== ':' && { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
    },
    agent: false,
    timeout: timeoutMs,
    ...(ca !== undefined && { ca }),
  })
  asking.once('connect', ({ statusCode }, socket: Socket) => {
    socket.setTimeout(0)
    if (statusCode === 200) return resolve(socket)
    socket.destroy()
    fail(statusCode === 407 ? 'it wants the user and password that stand in the URL' : `status ${statusCode}`)
  })
  asking.once('response', ({ statusCode }) => {
    asking.destroy()
    fail(`status ${statusCode}`)
  })
  asking.once('timeout', () => asking.destroy(new Error(`no answer in ${timeoutMs} ms`)))
  asking.once('error', (error) => fail(error.message, error))
  asking.end()
  return promise
}
