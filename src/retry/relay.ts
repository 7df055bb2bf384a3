import { EnrichmentError } from '../errors.ts'
import type { Delivery, OutgoingRecord, TopicPartition } from '../kafka/delivery.ts'
import { MESSAGE_BYTES } from '../kafka/event-topics.ts'
import { type DeliveredBatch, GroupConsumer } from '../kafka/group-consumer.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { ownPartitions, type PartitionOwnership } from '../kafka/partition-ownership.ts'
import { fitsInto, recordBytes } from '../kafka/record-size.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { toDeadLetter } from './dead-letter.ts'
import { readRetryHeaders } from './retry-headers.ts'
import { WaitingRecords } from './waiting-records.ts'

const RECORDS_PER_TRANSACTION = 1_000
const FETCH_BYTES = 262_144
/** Of each partition; a producer's batch comes whole, so it may be one batch more. */
const MOST_WAITING = { records: 2_000, bytes: 2_000_000 }
/** However far off the head is: the clock may be set, and a timer cannot count beyond 24 days. */
const LONGEST_TIMER_MS = 30_000

export interface RelayOptions {
  kafka: Kafka
  groupId: string
  topics: { retry: string[]; express: string; dead: string }
  log: Logger
}

/** A part of the service that is a member of a group. */
interface Member {
  readonly isJoined: boolean
  stop(): Promise<void>
}

/**
 * Moves every retry copy to express once it is due, never before, unchanged: read, published and committed in Kafka
 * transactions, so none is lost and none doubled whatever dies. What is not due waits here, in bounds, and its partition
 * pauses at them; the rest waits in Kafka.
 */
export function startRelay(options: RelayOptions): Member {
  const { kafka, groupId, topics, log } = options
  let tiers = new Map<string, RelayedPartition>()
  let owning: Promise<void> = Promise.resolve()

  const own = async (partition: TopicPartition): Promise<RelayedPartition> => {
    const transactionalId = `${groupId}.${partition.topic}.${partition.partition}`
    const ownership = await ownPartitions(kafka, groupId, transactionalId, [partition])
    return new RelayedPartition(partition, ownership, {
      toRecord: (delivery) => toRecord(delivery, topics, log),
      onRoom: () => consumer.resume(partition.topic),
      onFailed: (error) => consumer.restart(error),
    })
  }

  /** What waited is dropped: all that is uncommitted is delivered again, and only that is known to be still ours. */
  const takeOver = async (assignment: TopicPartition[]): Promise<void> => {
    const former = [...tiers.values()]
    tiers = new Map()
    await Promise.all(former.map((relayed) => relayed.close()))
    const taken = await Promise.allSettled(assignment.map(own))
    tiers = new Map(
      taken.flatMap((result) => (result.status === 'fulfilled' ? [[toKey(result.value.partition), result.value]] : [])),
    )
    const failed = taken.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    log.info({ assignment }, 'relay took its tiers over')
  }

  const receive = async ({ deliveries, nextOffset, signal, ...partition }: DeliveredBatch): Promise<void> => {
    // Of an assignment that is over: what it skips may be what the next one begins with.
    if (signal.aborted) return
    const relayed = tiers.get(toKey(partition))
    if (relayed === undefined) {
      throw new EnrichmentError('INTERNAL', `partition ${partition.partition} of ${partition.topic} is not owned`)
    }
    await relayed.add(deliveries, nextOffset)
    if (relayed.mustPause()) consumer.pause(partition.topic)
  }

  const consumer = new GroupConsumer({
    kafka,
    groupId,
    topics: topics.retry,
    maxBytesPerPartition: FETCH_BYTES,
    log,
    onAssigned: (assignment) => {
      owning = owning.catch(() => undefined).then(() => takeOver(assignment))
      return owning
    },
    onBatch: receive,
  })

  return {
    get isJoined() {
      return consumer.isJoined
    },
    async stop() {
      await consumer.stop()
      await owning.catch(() => undefined)
      await Promise.all([...tiers.values()].map((relayed) => relayed.close()))
    },
  }
}

interface Surroundings {
  toRecord(delivery: Delivery): OutgoingRecord
  /** There is room for more records; only after mustPause was true. */
  onRoom(): void
  onFailed(error: unknown): void
}

/** A partition of a tier in our possession. States: open; closed, after a failure or when the partition was lost. */
class RelayedPartition {
  readonly partition: TopicPartition
  readonly #ownership: PartitionOwnership
  readonly #surroundings: Surroundings
  readonly #waiting: WaitingRecords
  #publishing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isPaused = false
  #isClosed = false

  constructor(partition: TopicPartition, ownership: PartitionOwnership, surroundings: Surroundings) {
    this.partition = partition
    this.#ownership = ownership
    this.#waiting = new WaitingRecords(MOST_WAITING, ownership.committedOffsets()[0]?.offset ?? 0n)
    this.#surroundings = surroundings
  }

  /** Resolves at once, or when there is room again, if that is only a matter of publishing what is due. */
  async add(deliveries: Delivery[], nextOffset: bigint): Promise<void> {
    const pending = deliveries.filter((delivery) => this.#ownership.isPending(delivery))
    this.#waiting.add(pending, nextOffset, Date.now())
    this.#publish()
    if (this.#waiting.isFull) await this.#publishing
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
        this.#surroundings.onFailed(error)
      })
      .finally(() => {
        this.#publishing = undefined
        this.#ringWhenDue()
      })
  }

  async #publishDue(): Promise<void> {
    while (!this.#isClosed) {
      const due = this.#waiting.due(Date.now(), RECORDS_PER_TRANSACTION)
      if (due === undefined) return
      const { deliveries, offset } = due
      await this.#ownership.commit(deliveries.map(this.#surroundings.toRecord), [{ ...this.partition, offset }])
      this.#waiting.drop(offset)
      if (!this.#isPaused || !this.#waiting.isHalfEmpty) continue
      this.#isPaused = false
      this.#surroundings.onRoom()
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

/** The copy as it is, for the worker to judge; or a dead letter, where express would not take what its own topic took. */
function toRecord(delivery: Delivery, topics: RelayOptions['topics'], log: Logger): OutgoingRecord {
  const { key, value, headers, topic, offset } = delivery
  const record = { topic: topics.express, key, value, headers }
  if (fitsInto(record, MESSAGE_BYTES.request)) return record
  const message = `the retry has ${recordBytes(record)} bytes, more than ${topics.express} takes`
  const error = new EnrichmentError('RECORD_TOO_LARGE', message)
  const { run, attempt, firstFailedAt } = readRetryHeaders(headers)
  metrics.deadLetters.inc({ code: error.code })
  log.error({ topic, offset: String(offset), key: key?.toString(), code: error.code }, 'album dead-lettered')
  const givenUp = { error, stage: 'relay', run, attempt, firstFailedAt: firstFailedAt ?? Date.now() }
  return toDeadLetter(topics.dead, delivery, givenUp)
}

const toKey = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`
