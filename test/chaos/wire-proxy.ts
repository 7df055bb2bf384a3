import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { findFreePort } from '../stack/free-port.ts'

/** Some bytes on their way through a proxy: a whole message where the proxy knows the protocol, else what came at once. */
export interface Piece {
  /** Name of the proxy, which is that of the process it was made for. */
  proxy: string
  /** Counts the proxy's connections. */
  connection: number
  direction: 'request' | 'answer'
  bytes: Buffer
  /** Kafka's number of the request (or of the answered one); undefined elsewhere. */
  apiKey?: number
}

/** Looks at a piece; a promise keeps it, and all that follow it on its way, back until it is decided. */
export type Hook = (piece: Piece) => Promise<'pass' | 'drop'> | undefined

type Parsed = Pick<Piece, 'bytes' | 'apiKey'>

/** What a protocol makes of the bytes of one connection. */
export interface Wire {
  request(chunk: Buffer): Parsed[]
  answer(chunk: Buffer): Parsed[]
}

/** TLS ends at a proxy and begins anew: what is used, PEM. */
export interface TlsEnds {
  /** Towards clients. */
  key: string
  cert: string
  /** Who must have signed the server's certificate. */
  ca: string
}

interface WireProxyOptions {
  name: string
  /** host:port of the real server. */
  target: string
  /** Asked for every connection. */
  wire?: () => Wire
  /** Look at what passes; absent: a set of the proxy's own. */
  hooks?: Set<Hook>
  /** What a dead client had sent goes on to the server, as it would from a network. */
  lingers?: boolean
  /** Where both sides speak TLS. */
  tls?: TlsEnds
}

const PLAIN: Wire = { request: (bytes) => [{ bytes }], answer: (bytes) => [{ bytes }] }

/** A TCP proxy for one process in front of one server: it can hold, delay, cut and refuse, and look at what passes. */
export class WireProxy {
  readonly name: string
  readonly hooks: Set<Hook>
  /** Local ports of its connections to the server: how the server knows them. */
  readonly outsidePorts = new Set<number>()
  readonly #options: WireProxyOptions
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  #delayMs = 0
  #connections = 0
  #held: { promise: Promise<void>; resolve(): void } | undefined

  private constructor(options: WireProxyOptions) {
    this.name = options.name
    this.hooks = options.hooks ?? new Set()
    this.#options = options
  }

  static async open(options: WireProxyOptions): Promise<WireProxy> {
    const proxy = new WireProxy(options)
    proxy.#port = await findFreePort()
    await proxy.admit()
    return proxy
  }

  get port(): number {
    return this.#port
  }

  /** Every piece takes so much longer from now on, in milliseconds. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** Nothing passes, and connections stay, until `release`. */
  hold(): void {
    this.#held ??= Promise.withResolvers<void>()
  }

  release(): void {
    this.#held?.resolve()
    this.#held = undefined
  }

  /** Breaks every connection; new ones are welcome. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Breaks every connection and refuses new ones until `admit`. */
  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.close()
    this.cut()
    this.release()
    if (server) await once(server, 'close')
  }

  async admit(): Promise<void> {
    if (this.#server) return
    // With TLS nothing is read of a connection until the server is met, nor is it known that the client has left.
    const pauseOnConnect = this.#options.tls !== undefined
    const server = createServer({ noDelay: true, pauseOnConnect }, (inside) => this.#connect(inside))
    this.#server = server
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
  }

  #connect(inside: Socket): void {
    const { target, tls } = this.#options
    const [host = '', port] = target.split(':')
    const address = { port: Number(port), host }
    const outside = tls ? connectTls({ ...address, ca: tls.ca }) : connect(address)
    outside.setNoDelay(true)
    outside.once('connect', () => this.outsidePorts.add(outside.localPort ?? 0))
    this.#keep(inside)
    this.#keep(outside)
    if (!tls) {
      this.#join(inside, outside)
      return
    }
    outside.once('close', () => inside.destroy())
    // A client that meets a stopped server waits in its handshake, and so it does here.
    outside.once('secureConnect', async () => {
      if (this.#held) await this.#held.promise
      if (inside.destroyed || outside.destroyed) return
      const near = new TLSSocket(inside, { isServer: true, key: tls.key, cert: tls.cert })
      this.#keep(near)
      this.#join(near, outside)
    })
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    // A connection that breaks is an ordinary thing here; its end is handled where it matters.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #join(inside: Socket, outside: Socket): void {
    const { lingers = false, wire } = this.#options
    this.#connections += 1
    const connection = this.#connections
    const { request, answer } = wire ? wire() : PLAIN
    this.#lead(inside, outside, lingers, (chunk) =>
      request(chunk).map((it) => ({ ...it, proxy: this.name, connection, direction: 'request' as const })),
    )
    this.#lead(outside, inside, false, (chunk) =>
      answer(chunk).map((it) => ({ ...it, proxy: this.name, connection, direction: 'answer' as const })),
    )
  }

  #lead(from: Socket, to: Socket, lingers: boolean, parse: (chunk: Buffer) => Piece[]): void {
    let way = Promise.resolve()
    from.on('data', (chunk: Buffer) => {
      for (const piece of parse(chunk)) way = way.then(() => this.#pass(piece, to))
    })
    from.on('close', () => {
      if (lingers) void way.then(() => to.end())
      else to.destroy()
    })
  }

  async #pass(piece: Piece, to: Socket): Promise<void> {
    for (const hook of this.hooks) {
      const decision = hook(piece)
      if (decision !== undefined && (await decision) === 'drop') return
    }
    if (this.#held) await this.#held.promise
    if (this.#delayMs > 0) await sleep(this.#delayMs)
    if (!to.destroyed && to.writable) to.write(piece.bytes)
  }
}
