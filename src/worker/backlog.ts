import type { Delivery } from '../kafka/delivery.ts'

/**
 * Delivered records that wait for the worker. Topics take turns, so that a long queue in one does not keep the other
 * waiting; within a topic the order is Kafka's.
 */
export class Backlog {
  readonly #queues: Map<string, Delivery[]>
  #waiting: (() => void) | undefined

  constructor(topics: string[]) {
    this.#queues = new Map(topics.map((topic) => [topic, []]))
  }

  push(deliveries: Delivery[]): void {
    for (const delivery of deliveries) this.#queues.get(delivery.topic)?.push(delivery)
    this.#waiting?.()
  }

  sizeOf(topic: string): number {
    return this.#queues.get(topic)?.length ?? 0
  }

  clear(): void {
    for (const queue of this.#queues.values()) queue.length = 0
  }

  /** The next record, as soon as there is one; undefined once the signal is aborted. */
  async take(signal: AbortSignal): Promise<Delivery | undefined> {
    while (!signal.aborted) {
      for (const [topic, queue] of this.#queues) {
        const delivery = queue.shift()
        if (delivery === undefined) continue
        // To the end of the turn: the other topics come first next time.
        this.#queues.delete(topic)
        this.#queues.set(topic, queue)
        return delivery
      }
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return undefined
  }
}
