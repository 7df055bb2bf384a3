import { randomUUID } from 'node:crypto'
import { CrashMarks } from '../db/crash-marks.ts'
import type { Database } from '../db/database.ts'
import { EnrichmentError } from '../errors.ts'
import type { Member } from '../holds/member.ts'
import type { CommitOffset, Delivery, OutgoingRecord, TopicPartition } from '../kafka/delivery.ts'
import { MESSAGE_BYTES } from '../kafka/event-topics.ts'
import { GroupConsumer } from '../kafka/group-consumer.ts'
import type { DeliveredBatch } from '../kafka/group-consumer-options.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { ownEach, type PartitionOwnership } from '../kafka/partition-ownership.ts'
import { fitsInto, recordBytes } from '../kafka/record-size.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { toDeadLetter } from '../retry/dead-letter.ts'
import { readRetryHeaders } from '../retry/retry-headers.ts'
import { keepOutboxSent } from './outbox.ts'
import { RelayedPartition } from './relayed-partition.ts'

const FETCH_BYTES = 65_536

export interface RelayOptions {
  kafka: Kafka
  /** Holds the outbox, and remembers what processes died of. */
  db: Database
  groupId: string
  topics: { retry: string[]; express: string; dead: string }
  log: Logger
}

/**
 * Moves every retry copy to express once it is due, never before, unchanged: read, published and committed in Kafka
 * transactions, so none is lost and none doubled whatever dies. What is not due waits here, in bounds, and its partition
 * pauses at them; the rest waits in Kafka. It also sends what was decided on in the database (the outbox).
 */
export function startRelay(options: RelayOptions): Member {
  const { kafka, db, groupId, topics, log } = options
  const stopping = new AbortController()
  let tiers = new Map<string, RelayedPartition>()
  const marks = new CrashMarks(db, groupId, randomUUID())

  const relay = (partition: TopicPartition, ownership: PartitionOwnership, signal: AbortSignal): RelayedPartition =>
    new RelayedPartition(partition, ownership, {
      marks,
      toRecord: (delivery) => toRecord(delivery, topics),
      onPublished: (records) => report(records, partition, topics, log),
      onRoom: () => consumer.resume(partition.topic),
      // Given up with the assignment, it is no reason to leave the next one.
      onFailed: (error) => {
        if (!signal.aborted) consumer.restart(error)
      },
    })

  /** What waited is dropped: all that is uncommitted is delivered again, and only that is known to be still ours. */
  const takeOver = async (assignment: TopicPartition[], signal: AbortSignal): Promise<CommitOffset[]> => {
    const former = [...tiers.values()]
    tiers = new Map()
    await Promise.all(former.map((relayed) => relayed.close()))
    // Of an assignment that is over: it would fence whoever has the partitions now.
    if (signal.aborted) return []
    await marks.leave()
    const { owned, failure } = await ownEach(kafka, {
      groupId,
      partitions: assignment,
      outputs: [topics.express, topics.dead],
      confirmed: () => consumer.confirmed(signal),
    })
    tiers = new Map(owned.map(({ partition, ownership }) => [toKey(partition), relay(partition, ownership, signal)]))
    if (failure !== undefined) throw failure
    const positions = owned.flatMap(({ ownership }) => ownership.positions())
    await marks.takeOver(positions)
    log.info({ assignment }, 'relay took its tiers over')
    return positions
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
    onAssigned: takeOver,
    onBatch: receive,
  })

  consumer.start()
  const outbox = keepOutboxSent({ db, kafka, topic: topics.express, log }, stopping.signal)

  return {
    get isJoined() {
      return consumer.isJoined
    },
    get failure() {
      return consumer.failure
    },
    async stop() {
      stopping.abort()
      await consumer.stop()
      await outbox
      await Promise.all([...tiers.values()].map((relayed) => relayed.close()))
      await marks.leave()
    },
  }
}

/** The copy as it is, for the worker to judge; or a dead letter, where express would not take it, or nobody could read it. */
function toRecord(delivery: Delivery, topics: RelayOptions['topics']): OutgoingRecord {
  const { key, value, headers, fault } = delivery
  const record = { topic: topics.express, key, value, headers }
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

const toKey = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`
