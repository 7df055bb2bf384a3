import { randomUUID } from 'node:crypto'
import { CrashMarks } from '../db/crash-marks.ts'
import type { Database } from '../db/database.ts'
import { EnrichmentError } from '../errors.ts'
import type { Member } from '../holds/member.ts'
import type { Delivery, OutgoingRecord, TopicPartition } from '../kafka/delivery.ts'
import { MESSAGE_BYTES } from '../kafka/event-topics.ts'
import { GroupConsumer } from '../kafka/group-consumer.ts'
import type { DeliveredBatch, OwnedPartition } from '../kafka/group-consumer-options.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { type LogEnds, ownPartition } from '../kafka/partition-ownership.ts'
import { readTopicId } from '../kafka/read-topic-id.ts'
import { fitsInto, recordBytes } from '../kafka/record-size.ts'
import { TransactionSize } from '../kafka/transaction-size.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { toDeadLetter } from '../retry/dead-letter.ts'
import { readRetryHeaders } from '../retry/retry-headers.ts'
import { keepOutboxSent } from './outbox.ts'
import { RelayedPartition } from './relayed-partition.ts'

const RECORDS_PER_TRANSACTION = 500
const FETCH_BYTES = 65_536
/** How soon a tier is followed that was added, and one let go of that was deleted. */
const LIST_MS = 60_000

export interface RelayOptions {
  kafka: Kafka
  /** Holds the outbox, and remembers what processes died of. */
  db: Database
  groupId: string
  /** Lists the topics of all tiers, which may come and go while it runs. @throws EnrichmentError KAFKA_UNAVAILABLE */
  listTiers(): Promise<string[]>
  /** `retry`: the tiers that it was started for. */
  topics: { express: string; dead: string; retry: Record<string, string> }
  log: Logger
}

/**
 * Moves every retry copy to express once it is due, never before, unchanged: read, published and committed in Kafka
 * transactions, so none is lost and none doubled whatever dies. What is not due waits here, in bounds, and its partition
 * pauses at them; the rest waits in Kafka. It also sends what was decided on in the database (the outbox).
 */
export class Relay implements Member {
  readonly #options: RelayOptions
  readonly #consumer: GroupConsumer
  readonly #marks: CrashMarks
  readonly #size = new TransactionSize(RECORDS_PER_TRANSACTION)
  readonly #stopping = new AbortController()
  #outbox: Promise<void> = Promise.resolve()
  #tiers: string[] | undefined

  constructor(options: RelayOptions) {
    const { kafka, db, groupId, log } = options
    this.#options = options
    this.#marks = new CrashMarks(db, groupId, randomUUID())
    this.#consumer = new GroupConsumer({
      kafka,
      groupId,
      topics: () => this.#listTiers(),
      maxBytesPerPartition: FETCH_BYTES,
      log,
      own: (partition, signal, fail) => this.#own(partition, signal, fail),
    })
  }

  start(): void {
    const { kafka, db, topics, log } = this.#options
    const { signal } = this.#stopping
    this.#consumer.start()
    const onFailed = (error: unknown) => log.debug({ err: error }, 'tiers not listed')
    void keepDoing(LIST_MS, () => this.#followTiers(), onFailed, signal)
    this.#outbox = keepOutboxSent({ db, kafka, topic: topics.express, partition: 0, log }, signal)
  }

  /** The topics of all tiers, as they were listed last. */
  get topics(): string[] {
    return this.#tiers ?? []
  }

  get isJoined(): boolean {
    return this.#consumer.isJoined
  }

  /** Also where a tier of its own is not listed: what waits there would wait for ever, and nothing else be wrong. */
  get failure(): EnrichmentError | null {
    return this.#consumer.failure ?? this.#findUnlisted()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#consumer.stop()
    await this.#outbox
  }

  #findUnlisted(): EnrichmentError | null {
    const tiers = this.#tiers
    const unlisted = Object.values(this.#options.topics.retry).filter((topic) => tiers?.includes(topic) === false)
    if (unlisted.length === 0) return null
    const remedy = 'run `album-enricher setup`, or give the user of the relay Describe and Read on it'
    return new EnrichmentError(
      'TOPIC_WRONG',
      `no topic ${unlisted.join(', ')} is listed, so nothing is relayed from it: ${remedy}`,
    )
  }

  async #listTiers(): Promise<string[]> {
    const before = this.#findUnlisted()
    this.#tiers = await this.#options.listTiers()
    const unlisted = this.#findUnlisted()
    if (unlisted !== null && unlisted.message !== before?.message)
      this.#options.log.error({ code: unlisted.code, reason: unlisted.message }, 'tiers are missing')
    return this.#tiers
  }

  async #followTiers(): Promise<void> {
    const before = this.#tiers
    const tiers = await this.#listTiers()
    if (before === undefined || tiers.join() === before.join()) return
    this.#options.log.info({ tiers }, 'tiers have changed')
    this.#consumer.renew()
  }

  async #own(partition: TopicPartition, signal: AbortSignal, fail: (error: unknown) => void): Promise<OwnedPartition> {
    const { kafka, groupId, topics, log } = this.#options
    // Of use only once the group's offset is gone: no takeover fails for want of it.
    const topicId = await readTopicId(kafka, partition.topic).catch(() => null)
    const ownership = await ownPartition(kafka, partition, {
      groupId,
      outputs: [topics.express, topics.dead],
      marks: {
        takeOver: (positions) => this.#marks.takeOver(positions.map((position) => ({ ...position, topicId }))),
        leave: (position) => this.#marks.leave(position),
      },
      beginAt: (place, ends) => this.#beginAt(place, topicId, ends),
      confirmed: () => this.#consumer.confirmed(signal),
      onBroken: fail,
      onDeleted: (place, from, to) =>
        log.error({ ...place, from: String(from), to: String(to) }, 'records deleted before they were retried'),
    })
    const relayed = new RelayedPartition(partition, ownership, {
      marks: this.#marks,
      size: this.#size,
      toRecord: (delivery) => toRecord(delivery, topics),
      onPublished: (records) => report(records, partition, topics, log),
      onRoom: () => this.#consumer.resume(partition),
      onFailed: fail,
    })
    return {
      position: ownership.position,
      receive: (batch) => this.#receive(relayed, batch),
      close: () => relayed.close(),
    }
  }

  /**
   * A group that is empty for long loses its offsets, and a tier keeps its copies for ever: all of them would be moved again.
   * So it goes on where it is known to have stood, unless that may have been in another log: a copy that is moved twice is
   * stale to the worker, one that is passed over is lost.
   */
  async #beginAt(place: TopicPartition, topicId: string | null, { start, end }: LogEnds): Promise<bigint> {
    const remembered = await this.#marks.remembered(place)
    if (remembered === null) return start
    const isSameLog = topicId !== null && topicId === remembered.topicId
    const isWithin = remembered.offset >= start && remembered.offset <= end
    const position = isSameLog && isWithin ? remembered.offset : start
    const fields = { ...place, position: String(position), remembered: String(remembered.offset), isSameLog }
    this.#options.log.warn(fields, 'the group has no offset any more')
    return position
  }

  async #receive(relayed: RelayedPartition, { deliveries, nextOffset, signal }: DeliveredBatch): Promise<void> {
    // Of an assignment that is over: what it skips may be what the next one begins with.
    if (signal.aborted) return
    await relayed.add(deliveries, nextOffset)
    if (relayed.mustPause()) this.#consumer.pause(relayed.partition)
  }
}

/** The copy as it is, for the worker to judge; or a dead letter, where express would not take it, or nobody could read it. */
function toRecord(delivery: Delivery, topics: RelayOptions['topics']): OutgoingRecord {
  const { key, value, headers, fault } = delivery
  const record = { topic: topics.express, partition: 0, key, value, headers }
  if (fault === undefined && fitsInto(record, MESSAGE_BYTES.request)) return record
  const message = `the retry has ${recordBytes(record)} bytes, more than ${topics.express} takes`
  const error = fault?.error ?? new EnrichmentError('RECORD_TOO_LARGE', message)
  const { run, attempt, firstFailedAt, requestId } = readRetryHeaders(headers)
  const givenUp = { error, stage: 'relay', run, attempt, firstFailedAt: firstFailedAt ?? Date.now() }
  return toDeadLetter(topics.dead, delivery, { ...givenUp, requestId: requestId ?? undefined })
}

function report(
  records: OutgoingRecord[],
  { topic }: TopicPartition,
  topics: RelayOptions['topics'],
  log: Logger,
): void {
  const letters = records.filter((record) => record.topic === topics.dead)
  for (const { key, headers = {} } of letters) {
    const code = String(headers['enricher-error-code'])
    metrics.deadLetters.inc({ code })
    const { requestId, run, attempt } = readRetryHeaders(headers)
    const fields = { albumId: key?.toString(), requestId, run, attempt, topic }
    log.error({ ...fields, code }, 'album dead-lettered')
  }
  if (records.length > 0) log.debug({ topic, records: records.length }, 'retries are due')
}
