import { Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import { type ConnectionOptions, connect as connectTls, getCACertificates } from 'node:tls'
import { buildConnector } from 'undici'
import { type Config, currentValue } from '../config.ts'
import { isExempt } from '../no-proxy.ts'
import { readPem } from '../read-pem.ts'
import { openTunnel } from './open-tunnel.ts'

/** What every way out shares. */
export type HttpConfig = Partial<Config<'http'>>

export interface Tls {
  ca?: string | string[]
  cert?: string
  key?: string
}

export interface ConnectOptions {
  timeoutMs: number
  /** Asked at each connection; a CA stands in the place of those that are trusted otherwise. */
  tls?: (() => Tls) | undefined
  /** Resolves and checks the address of a host; with a proxy between it is that address which the proxy is asked for. */
  lookup?: LookupFunction
}

/** For opening a connection. */
export const TIMEOUT_MS = 5_000

/**
 * How connections to servers elsewhere are made: those to https through HTTPS_PROXY, unless NO_PROXY names the host, and
 * trusting EXTRA_CA beside the authorities that Node trusts.
 */
export function createConnector(
  config: HttpConfig,
  { timeoutMs, tls, lookup }: ConnectOptions,
): buildConnector.connector {
  const build = (extra: string | undefined) =>
    buildConnector({
      timeout: timeoutMs,
      allowH2: false,
      autoSelectFamily: true,
      ...(lookup && { lookup }),
      ...trusted(extra),
      ...tls?.(),
    })
  let kept: { extra: string | undefined; connect: buildConnector.connector } | undefined
  return (options, callback) => {
    const extra = readExtraCa(config)
    // Kept, it resumes TLS sessions.
    if (kept === undefined || kept.extra !== extra || tls !== undefined) kept = { extra, connect: build(extra) }
    const { connect } = kept
    const { hostname, protocol } = options
    const port = options.port || '443'
    const proxy = protocol === 'https:' ? proxyFor(config, hostname, port) : undefined
    if (proxy === undefined) return connect(options, callback)
    ;(async () => {
      const host = lookup === undefined ? hostname : await resolve(lookup, hostname)
      return openTunnel(proxy, `${host.includes(':') ? `[${host}]` : host}:${port}`, timeoutMs, trusted(extra).ca)
    })().then(
      (socket) => connect({ ...options, httpSocket: socket }, callback),
      (error: Error) => callback(error, null),
    )
  }
}

/** Such connections for libraries that use Node's client. */
export function createHttpsAgent(config: HttpConfig, tls: () => Tls): HttpsAgent {
  return new TunnellingAgent(config, tls)
}

class TunnellingAgent extends HttpsAgent {
  readonly #config: HttpConfig
  readonly #tls: () => Tls

  constructor(config: HttpConfig, tls: () => Tls) {
    super({ keepAlive: true })
    this.#config = config
    this.#tls = tls
  }

  override createConnection(...[options, callback]: Parameters<HttpsAgent['createConnection']>) {
    const { host, port, servername } = options as { host: string; port: number; servername?: string }
    const authorities = trusted(readExtraCa(this.#config))
    const secured = { ...options, ...authorities, ...this.#tls() }
    const proxy = proxyFor(this.#config, host, String(port))
    if (proxy === undefined) return super.createConnection(secured, callback)
    openTunnel(proxy, `${host}:${port}`, TIMEOUT_MS, authorities.ca).then(
      (socket) =>
        callback?.(null, connectTls({ ...secured, socket, servername: servername ?? host } as ConnectionOptions)),
      (error: Error) => callback?.(error, undefined as never),
    )
    return undefined
  }
}

/** PEM text as it is at this moment. @throws Error where it cannot be read */
function readExtraCa(config: HttpConfig): string | undefined {
  const extra = currentValue(config, 'EXTRA_CA')
  return extra === undefined ? undefined : readPem(extra)
}

/** Empty where nothing but Node's own is trusted, so that Node does not parse its hundreds of certificates again. */
function trusted(extra: string | undefined): { ca?: string[] } {
  return extra === undefined ? {} : { ca: [...getCACertificates('default'), extra] }
}

function proxyFor(config: HttpConfig, host: string, port: string): URL | undefined {
  const proxy = currentValue(config, 'HTTPS_PROXY')
  return proxy === undefined || isExempt(config.NO_PROXY ?? [], host, port) ? undefined : new URL(proxy)
}

function resolve(lookup: LookupFunction, hostname: string): Promise<string> {
  const { promise, resolve: found, reject } = Promise.withResolvers<string>()
  lookup(hostname, { all: true }, (error, addresses) => {
    if (error) return reject(error)
    const [first] = typeof addresses === 'string' ? [{ address: addresses }] : addresses
    if (first === undefined) return reject(new Error(`${hostname} has no address`))
    found(first.address)
  })
  return promise
}
