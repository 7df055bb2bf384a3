import type { Statement } from '../db/prepared.ts'
import type { Delivery } from '../kafka/delivery.ts'
import { KeptAdmin } from '../kafka/kept-admin.ts'
import { readTopic } from '../kafka/read-topic.ts'
import type { Places } from './dead-letters.ts'

const COUNT_HANDLED: Statement<{ marks: number }> = {
  name: 'select dead_letter_mark count',
  text: 'select count(*)::int as marks from dead_letter_mark where topic = $1 and is_sent',
}
const FIND_HANDLED: Statement<{ partition: number; offset: string }> = {
  name: 'select dead_letter_mark',
  text: 'select partition, "offset"::text as "offset" from dead_letter_mark where topic = $1 and is_sent',
}

/**
 * How many dead letters wait for a person, by code. Offsets cannot tell, since transactions leave markers among the records;
 * so the topic is read, once from its beginning and then only on, and of each record that waits its code is remembered.
 */
export class DeadLetterCount {
  readonly #places: Places
  readonly #connection: KeptAdmin
  /** By partition and offset the code of what waits. */
  readonly #waiting = new Map<string, string>()
  /** By partition where to read on. */
  #next = new Map<number, bigint>()
  readonly #codes = new Set<string>()
  #marks = -1

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
    let isNew = false
    const remember = ({ partition, offset, headers }: Omit<Delivery, 'nextOffset'>) => {
      this.#waiting.set(`${partition}:${offset}`, String(headers['enricher-error-code'] ?? 'UNKNOWN'))
      isNew = true
      return undefined
    }
    const isBehind = bounds.some(({ partition, high }) => BigInt(high) > (this.#next.get(partition) ?? 0n))
    if (isBehind) await readTopic(kafka, topic, remember, this.#next)
    this.#next = ends
    for (const { partition, low } of bounds) this.#forgetBelow(partition, BigInt(low))
    await this.#leaveOutHandled(isNew || isAnew)
    return this.#countByCode()
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  async #leaveOutHandled(isNew: boolean): Promise<void> {
    const { db, topic } = this.#places
    if (this.#waiting.size === 0) return
    const [counted] = await db.run(COUNT_HANDLED, [topic])
    const marks = counted?.marks ?? 0
    if (marks === this.#marks && !isNew) return
    const handled = await db.run(FIND_HANDLED, [topic])
    for (const { partition, offset } of handled) this.#forget(`${partition}:${offset}`)
    this.#marks = marks
  }

  #forget(id: string): void {
    const code = this.#waiting.get(id)
    if (code !== undefined) this.#codes.add(code)
    this.#waiting.delete(id)
  }

  /** What somebody has deleted from the topic waits no more. */
  #forgetBelow(partition: number, low: bigint): void {
    if (low === 0n) return
    for (const id of this.#waiting.keys()) {
      const [place, offset] = id.split(':')
      if (Number(place) === partition && BigInt(offset ?? 0) < low) this.#forget(id)
    }
  }

  #countByCode(): Map<string, number> {
    const counts = new Map([...this.#codes].map((code) => [code, 0]))
    for (const code of this.#waiting.values()) counts.set(code, (counts.get(code) ?? 0) + 1)
    for (const code of counts.keys()) this.#codes.add(code)
    return counts
  }
}
