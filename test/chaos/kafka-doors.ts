import { Door, type Hook, type TlsEnds } from './door.ts'
import { kafkaWire } from './kafka-wire.ts'

/** The doors of one process to Kafka, one before each broker; what is done to them is done to all. */
export class KafkaDoors {
  readonly hooks = new Set<Hook>()
  /** By the port of the broker behind it. */
  readonly #doors = new Map<number, Door>()

  private constructor() {}

  /**
   * @param brokers host:port of each, comma-separated
   * @param tls where that is spoken there
   */
  static async open(name: string, brokers: string, tls?: TlsEnds): Promise<KafkaDoors> {
    const doors = new KafkaDoors()
    // Filled before the first process comes.
    const ports = new Map<number, number>()
    const options = { name, wire: kafkaWire(ports), lingers: true, hooks: doors.hooks, ...(tls && { tls }) }
    for (const target of brokers.split(',')) {
      const door = await Door.open({ ...options, target })
      const brokerPort = Number(target.split(':')[1])
      doors.#doors.set(brokerPort, door)
      ports.set(brokerPort, door.port)
    }
    return doors
  }

  /** host:port of each, comma-separated. */
  get addresses(): string {
    return [...this.#doors.values()].map(({ port }) => `127.0.0.1:${port}`).join()
  }

  /** @param brokerPort absent: whatever broker a piece goes to or comes from */
  delay(delayMs: number, brokerPort?: number): void {
    for (const [port, door] of this.#doors) if (brokerPort === undefined || brokerPort === port) door.delay(delayMs)
  }

  hold(): void {
    for (const door of this.#doors.values()) door.hold()
  }

  release(): void {
    for (const door of this.#doors.values()) door.release()
  }

  cut(): void {
    for (const door of this.#doors.values()) door.cut()
  }

  async refuse(): Promise<void> {
    await Promise.all([...this.#doors.values()].map((door) => door.refuse()))
  }
}
