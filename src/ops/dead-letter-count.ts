import type { Delivery } from '../kafka/delivery.ts'
import { KeptAdmin } from '../kafka/kept-admin.ts'
import { readTopic } from '../kafka/read-topic.ts'
import { codeOf, type Places } from './dead-letters.ts'
import { deleteMarksBelow, HandledLetters } from './handled-letters.ts'

/**
 * How many dead letters wait for a person, by code. Offsets cannot tell, since transactions leave markers among the records;
 * so the topic is read, once from its beginning and then only on, and of each record that waits its code is remembered.
 */
export class DeadLetterCount {
  readonly #places: Places
  readonly #connection: KeptAdmin
  /** By partition and offset the code of what waits, and the record's time. */
  readonly #waiting = new Map<string, { code: string; timestamp: number }>()
  /** By partition where to read on. */
  #next = new Map<number, bigint>()
  readonly #codes = new Set<string>()
  /** By partition below which no mark is left. */
  readonly #lows = new Map<number, bigint>()

  constructor(places: Places) {
    this.#places = places
    this.#connection = new KeptAdmin(places.kafka)
  }

  /**
   * Codes of which none waits any more are told with 0.
   *
   * @throws EnrichmentError KAFKA_UNAVAILABLE, DATABASE_UNAVAILABLE
   */
  async read(): Promise<Map<string, number>> {
    const { kafka, topic } = this.#places
    const bounds = await this.#connection.ask((admin) => admin.fetchTopicOffsets(topic))
    const isAnew = bounds.some(({ partition, high }) => BigInt(high) < (this.#next.get(partition) ?? 0n))
    if (isAnew) {
      this.#waiting.clear()
      this.#next.clear()
    }
    const ends = new Map(bounds.map(({ partition, high }) => [partition, BigInt(high)]))
    const remember = ({ partition, offset, timestamp, headers }: Omit<Delivery, 'nextOffset'>) => {
      const code = codeOf(headers)
      this.#waiting.set(`${partition}:${offset}`, { code, timestamp })
      return undefined
    }
    const isBehind = bounds.some(({ partition, high }) => BigInt(high) > (this.#next.get(partition) ?? 0n))
    if (isBehind) await readTopic(kafka, topic, remember, this.#next)
    this.#next = ends
    for (const { partition, low } of bounds) await this.#forgetBelow(partition, BigInt(low))
    await this.#leaveOutHandled()
    return this.#countByCode()
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  async #leaveOutHandled(): Promise<void> {
    const { db, topic } = this.#places
    if (this.#waiting.size === 0) return
    const handled = await HandledLetters.read(db, topic, [...this.#waiting.keys()])
    for (const [id, { timestamp }] of this.#waiting) if (handled.has(id, timestamp)) this.#forget(id)
  }

  #forget(id: string): void {
    const letter = this.#waiting.get(id)
    if (letter !== undefined) this.#codes.add(letter.code)
    this.#waiting.delete(id)
  }

  /** What somebody has deleted from the topic waits no more, and nobody asks whether it was handled. */
  async #forgetBelow(partition: number, low: bigint): Promise<void> {
    if (low === (this.#lows.get(partition) ?? 0n)) return
    for (const id of this.#waiting.keys()) {
      const [place, offset] = id.split(':')
      if (Number(place) === partition && BigInt(offset ?? 0) < low) this.#forget(id)
    }
    const { db, topic } = this.#places
    await deleteMarksBelow(db, topic, partition, low)
    this.#lows.set(partition, low)
  }

  #countByCode(): Map<string, number> {
    const counts = new Map([...this.#codes].map((code) => [code, 0]))
    for (const { code } of this.#waiting.values()) counts.set(code, (counts.get(code) ?? 0) + 1)
    for (const code of counts.keys()) this.#codes.add(code)
    return counts
  }
}
