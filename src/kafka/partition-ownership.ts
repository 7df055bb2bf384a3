import type { Kafka } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import type { CommitOffset, OutgoingRecord, TopicPartition } from './delivery.ts'
import { type Admin, withAdmin } from './kafka-client.ts'
import type { OpenTransactions } from './open-transactions.ts'
import { TransactionalProducer } from './transactional-producer.ts'

/** Possession of a partition: the producer that alone may commit for it, and where it stands. */
export interface PartitionOwnership {
  /** The offset of the next record to be done: where the group stood, else the log's beginning, and since then as committed. */
  readonly position: bigint
  /**
   * Publishes records and commits the next position in one transaction.
   *
   * @throws EnrichmentError KAFKA_UNAVAILABLE, and what `confirmed` throws; it is void then
   */
  commit(records: OutgoingRecord[], next: bigint): Promise<void>
  close(): Promise<void>
}

/** Knows which process has a partition, so that the next one knows whether it died of a record, and where it stood. */
export interface PartitionMarks {
  takeOver(positions: CommitOffset[]): Promise<void>
  leave(position: CommitOffset): Promise<void>
}

/** How a partition is taken possession of, and by whom. */
export interface PartitionClaim {
  groupId: string
  /** The topics to which commits publish. */
  outputs: string[]
  marks: PartitionMarks
  /** Where its transactions are noted while they are under way. */
  transactions?: OpenTransactions
  /** Told that it is void, though nothing was asked of it. */
  onBroken(error: EnrichmentError): void
  /** Resolves once the group has lately confirmed the member, which takes over and commits only then. @throws when it never will */
  confirmed(): Promise<void>
  /** Told that records which the group had not done were deleted from the log: it goes on behind them. */
  onDeleted(partition: TopicPartition, from: bigint, to: bigint): void
  /**
   * Whether its place was wrong when it was tried last: then that is looked at before anything is written, since every try leaves
   * markers in topics that keep for ever.
   */
  isHeld?: boolean
  /** Where to begin in a partition of which the group has no offset, to be committed; without it at the beginning of the log. @throws why not */
  beginAt?(partition: TopicPartition, log: LogEnds): Promise<bigint>
  /** What is kept beside each offset that is committed. */
  metadata?: string
  /** Told what else is kept there at the takeover. @throws why the partition cannot be had */
  judgeMetadata?(partition: TopicPartition, metadata: string): void
}

/** Offsets of a log's first record and of the next one to come. */
export interface LogEnds {
  start: bigint
  end: bigint
}

/**
 * Takes possession, under a transactional id of the partition's own, so that fencing follows it from owner to owner: fences the
 * predecessor first, reads the committed offset only then, and leaves a mark.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals; TOPIC_WRONG where the committed offset is beyond the log's end, from
 *   where KafkaJS would silently jump to its beginning; what `judgeMetadata`, `beginAt`, `confirmed` and the marks throw
 */
export async function ownPartition(
  kafka: Kafka,
  partition: TopicPartition,
  claim: PartitionClaim,
): Promise<PartitionOwnership> {
  const { groupId, outputs, marks, confirmed, metadata } = claim
  const look = async () => {
    const place = await readPlace(kafka, groupId, partition)
    if (place.metadata !== null && place.metadata !== metadata) claim.judgeMetadata?.(partition, place.metadata)
    return { ...place, begin: place.offset < 0n ? await claim.beginAt?.(partition, place.log) : undefined }
  }
  if (claim.isHeld) await look()
  const part = { groupId, topics: outputs, confirmed }
  const id = `${groupId}.${partition.topic}.${partition.partition}`
  const producer = new TransactionalProducer(kafka, id, part, {
    transactions: claim.transactions,
    onBroken: claim.onBroken,
  })
  let position = 0n
  const commit = async (records: OutgoingRecord[], next: bigint) => {
    await confirmed()
    await producer.commit(records, [{ ...partition, offset: next, ...(metadata !== undefined && { metadata }) }])
    position = next
  }
  try {
    await producer.init()
    const { offset, metadata: found, log, begin } = await look()
    position = offset > log.start ? offset : log.start
    if (offset >= 0n && offset < position) claim.onDeleted(partition, offset, position)
    // At once: from now on a group without an offset is one that has lost it.
    if (begin !== undefined) await commit([], begin)
    else if (offset >= 0n && metadata !== undefined && found !== metadata) await commit([], position)
    await confirmed()
    await marks.takeOver([{ ...partition, offset: position }])
  } catch (error) {
    await producer.close()
    throw error
  }
  return {
    get position() {
      return position
    },
    commit,
    async close() {
      await producer.close()
      await marks.leave({ ...partition, offset: position })
    },
  }
}

/** The group's offset in a partition, -1 where it has none, what is kept beside it, and the ends of its log. */
async function readPlace(
  kafka: Kafka,
  groupId: string,
  { topic, partition }: TopicPartition,
): Promise<{ offset: bigint; metadata: string | null; log: LogEnds }> {
  const ask = async (admin: Admin) => ({
    committed: await admin.fetchOffsets({ groupId, topics: [topic] }),
    ends: await admin.fetchTopicOffsets(topic),
  })
  const { committed, ends } = await withAdmin(kafka, ask, { group: groupId, topic })
  const ofGroup = committed[0]?.partitions.find((one) => one.partition === partition)
  const ofLog = ends.find((one) => one.partition === partition)
  const offset = BigInt(ofGroup?.offset ?? -1)
  const log = { start: BigInt(ofLog?.low ?? 0), end: BigInt(ofLog?.high ?? offset) }
  if (offset > log.end) {
    const place = `group ${groupId} stands at ${offset} in partition ${partition} of ${topic}, which ends at ${log.end}`
    throw new EnrichmentError('TOPIC_WRONG', `${place}: set the group's offsets, its records were lost or replaced`)
  }
  return { offset, metadata: ofGroup?.metadata ?? null, log }
}
