import type { CrashMarks } from '../db/crash-marks.ts'
import type { Delivery, OutgoingRecord, TopicPartition } from '../kafka/delivery.ts'
import type { PartitionOwnership } from '../kafka/partition-ownership.ts'
import type { TransactionSize } from '../kafka/transaction-size.ts'
import { WaitingRecords } from './waiting-records.ts'

/** Of each partition; a producer's batch comes whole, so it may be one batch more. */
const MOST_WAITING = { records: 1_000, bytes: 1_000_000 }
/** However far off the head is: the clock may be set, and a timer cannot count beyond 24 days. */
const LONGEST_TIMER_MS = 30_000

interface RelayedPartitionOptions {
  marks: Pick<CrashMarks, 'countTogether' | 'judge' | 'touch'>
  /** Of all partitions: it outlives a partition that fails. */
  size: TransactionSize
  toRecord(delivery: Delivery): OutgoingRecord
  onPublished(records: OutgoingRecord[]): void
  /** There is room for more records; only after mustPause was true. */
  onRoom(): void
  onFailed(error: unknown): void
}

/** A partition of a tier in our possession. States: open; closed, after a failure or when the partition was lost. */
export class RelayedPartition {
  readonly partition: TopicPartition
  readonly #ownership: PartitionOwnership
  readonly #options: RelayedPartitionOptions
  readonly #waiting: WaitingRecords
  #publishing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isPaused = false
  #isClosed = false

  constructor(partition: TopicPartition, ownership: PartitionOwnership, options: RelayedPartitionOptions) {
    this.partition = partition
    this.#ownership = ownership
    this.#waiting = new WaitingRecords(MOST_WAITING, ownership.position)
    this.#options = options
  }

  /** Takes delivered records in. Resolves at once, unless it is full: then once everything is published that is due. */
  async add(deliveries: Delivery[], nextOffset: bigint): Promise<void> {
    const pending = deliveries.filter(({ offset }) => offset >= this.#ownership.position)
    while (pending.length > 0) await this.#takeIn(pending.splice(0, this.#options.marks.countTogether(pending)))
    this.#waiting.add([], nextOffset, Date.now())
    this.#publish()
    if (this.#waiting.isFull) await this.#publishing
  }

  /** Takes in records together; one of which processes have died, as what must be given up. None is decoded, so none apart. */
  async #takeIn(deliveries: Delivery[]): Promise<void> {
    const { marks } = this.#options
    const judged = deliveries.map((delivery) => {
      const error = marks.judge(delivery)
      return error === null ? delivery : { ...delivery, fault: { error } }
    })
    const nextOffset = judged.at(-1)?.nextOffset ?? 0n
    await marks.touch(judged, async () => this.#waiting.add(judged, nextOffset, Date.now()))
  }

  /** Whether the partition must bring no more until onRoom. */
  mustPause(): boolean {
    this.#isPaused ||= this.#waiting.isFull && !this.#isClosed
    return this.#isPaused
  }

  /** Once the transaction in the air has ended, whichever way. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#publishing
    await this.#ownership.close()
  }

  /** Publishes what is due, one transaction after the other, and rings again when the next head is. */
  #publish(): void {
    this.#publishing ??= this.#publishDue()
      .catch((error) => {
        // Whether it was committed is unknown; the next owner's first look at the offsets tells.
        this.#isClosed = true
        this.#options.onFailed(error)
      })
      .finally(() => {
        this.#publishing = undefined
        this.#ringWhenDue()
      })
  }

  async #publishDue(): Promise<void> {
    while (!this.#isClosed) {
      const { marks, size, toRecord } = this.#options
      const now = Date.now()
      const most = this.#waiting.due(now, size.records)
      const together = marks.countTogether(most?.deliveries ?? [])
      const due = most && together < most.deliveries.length ? this.#waiting.due(now, together) : most
      if (due === undefined) return
      const { deliveries, offset } = due
      const records = await marks.touch(deliveries, async () => {
        const made = deliveries.map(toRecord)
        await size.during(() => this.#ownership.commit(made, offset))
        return made
      })
      this.#waiting.drop(offset)
      this.#options.onPublished(records)
      if (!this.#isPaused || !this.#waiting.isHalfEmpty) continue
      this.#isPaused = false
      this.#options.onRoom()
    }
  }

  #ringWhenDue(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    const now = Date.now()
    const dueAt = this.#waiting.due(now, 1) === undefined ? this.#waiting.headDueAt : now
    if (dueAt === undefined) return
    const waitMs = Math.min(Math.max(dueAt - now, 0), LONGEST_TIMER_MS)
    this.#timer = setTimeout(() => this.#publish(), waitMs)
  }
}
