import type { Delivery } from '../kafka/delivery.ts'
import { recordBytes } from '../kafka/record-size.ts'
import { readRetryHeaders } from '../retry/retry-headers.ts'
import { LONGEST_DELAY_MS } from '../retry-delays.ts'

interface Waiting {
  delivery: Delivery
  /** Milliseconds since 1970. */
  dueAt: number
  bytes: number
}

/** A time beyond every delay and every hint was written by nobody of ours, and would block what stands behind it. */
const SENSELESS_MS = 4 * LONGEST_DELAY_MS

/** The records of one partition that were delivered and are not due yet, in Kafka's order, as many as memory should hold. */
export class WaitingRecords {
  readonly #most: { records: number; bytes: number }
  #waiting: Waiting[] = []
  #bytes = 0
  /** Where the next record stands behind all that were delivered, the markers among them included. */
  #nextOffset: bigint
  #committed: bigint

  /** @param committed where the partition stands; nothing below is committed ever again */
  constructor(most: { records: number; bytes: number }, committed: bigint) {
    this.#most = most
    this.#committed = committed
    this.#nextOffset = committed
  }

  /**
   * @param deliveries in order
   * @param nextOffset where the next batch begins
   * @param now milliseconds since 1970
   */
  add(deliveries: Delivery[], nextOffset: bigint, now: number): void {
    for (const delivery of deliveries) {
      const { notBefore } = readRetryHeaders(delivery.headers)
      const dueAt = notBefore === null || notBefore > now + SENSELESS_MS ? 0 : notBefore
      const bytes = recordBytes(delivery)
      this.#waiting.push({ delivery, dueAt, bytes })
      this.#bytes += bytes
    }
    this.#nextOffset = nextOffset
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#most.records || this.#bytes >= this.#most.bytes
  }

  get isHalfEmpty(): boolean {
    return this.#waiting.length <= this.#most.records / 2 && this.#bytes <= this.#most.bytes / 2
  }

  /** When the head is due, milliseconds since 1970; undefined when nothing waits. */
  get headDueAt(): number | undefined {
    return this.#waiting[0]?.dueAt
  }

  /**
   * What to do now: the records from the head on that are due, and where to commit once they are published. Nothing waits
   * and only markers were passed: no records, but an offset. undefined: nothing to do.
   *
   * @param now milliseconds since 1970
   */
  due(now: number, most: number): { deliveries: Delivery[]; offset: bigint } | undefined {
    const notDue = this.#waiting.findIndex(({ dueAt }, index) => dueAt > now || index >= most)
    const due = notDue === -1 ? this.#waiting : this.#waiting.slice(0, notDue)
    const offset = notDue === -1 ? this.#nextOffset : due.at(-1)?.delivery.nextOffset
    if (offset === undefined || offset <= this.#committed) return undefined
    return { deliveries: due.map(({ delivery }) => delivery), offset }
  }

  /** Forgets what was committed. */
  drop(offset: bigint): void {
    const kept = this.#waiting.findIndex(({ delivery }) => delivery.offset >= offset)
    const done = this.#waiting.splice(0, kept === -1 ? this.#waiting.length : kept)
    for (const { bytes } of done) this.#bytes -= bytes
    this.#committed = offset
  }
}
