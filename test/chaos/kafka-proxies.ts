import { kafkaWire } from './kafka-wire.ts'
import { type Hook, type TlsEnds, WireProxy } from './wire-proxy.ts'

/** The proxies of one process to Kafka, one before each broker; what is done to them is done to all. */
export class KafkaProxies {
  readonly hooks = new Set<Hook>()
  /** By the port of the broker behind it. */
  readonly #proxies = new Map<number, WireProxy>()

  private constructor() {}

  /**
   * @param brokers host:port of each, comma-separated
   * @param tls where that is spoken there
   */
  static async open(name: string, brokers: string, tls?: TlsEnds): Promise<KafkaProxies> {
    const proxies = new KafkaProxies()
    // Filled before the first process comes.
    const ports = new Map<number, number>()
    const options = { name, wire: kafkaWire(ports), lingers: true, hooks: proxies.hooks, ...(tls && { tls }) }
    for (const target of brokers.split(',')) {
      const proxy = await WireProxy.open({ ...options, target })
      const brokerPort = Number(target.split(':')[1])
      proxies.#proxies.set(brokerPort, proxy)
      ports.set(brokerPort, proxy.port)
    }
    return proxies
  }

  /** host:port of each, comma-separated. */
  get addresses(): string {
    return [...this.#proxies.values()].map(({ port }) => `127.0.0.1:${port}`).join()
  }

  /** @param brokerPort absent: whatever broker a piece goes to or comes from */
  delay(delayMs: number, brokerPort?: number): void {
    for (const [port, proxy] of this.#proxies) if (brokerPort === undefined || brokerPort === port) proxy.delay(delayMs)
  }

  hold(): void {
    for (const proxy of this.#proxies.values()) proxy.hold()
  }

  release(): void {
    for (const proxy of this.#proxies.values()) proxy.release()
  }

  cut(): void {
    for (const proxy of this.#proxies.values()) proxy.cut()
  }

  async refuse(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.refuse()))
  }
}
