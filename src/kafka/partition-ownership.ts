import type { Kafka } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import { type CommitOffset, type OutgoingRecord, partitionKey, type TopicPartition } from './delivery.ts'
import { withAdmin } from './kafka-client.ts'
import { TransactionalProducer } from './transactional-producer.ts'

/**
 * Possession of some partitions under one transactional id: the producer that alone may commit for them, and where
 * they stood when it took over.
 */
export interface PartitionOwnership {
  /** Whether a record is still to be done: KafkaJS may deliver from an offset that it read before we took over. */
  isPending(record: TopicPartition & { offset: bigint }): boolean
  /** Where each partition stands now; where nobody has committed yet, at the beginning of its log. */
  positions(): CommitOffset[]
  /** Publishes and commits in one transaction. @throws EnrichmentError KAFKA_UNAVAILABLE, and what `confirmed` throws; it is void then */
  commit(records: OutgoingRecord[], offsets: CommitOffset[]): Promise<void>
  close(): Promise<void>
}

/** What is taken possession of, and by whom. */
export interface PartitionClaim {
  groupId: string
  partitions: TopicPartition[]
  /** The topics to which commits publish. */
  outputs: string[]
  /** Resolves once the group has lately confirmed the member, which commits only then. @throws when it never will */
  confirmed(): Promise<void>
  /** Where to begin in a partition of which the group has no offset, to be committed; without it at the beginning of the log. @throws why not */
  beginAt?(partition: TopicPartition, log: LogEnds): Promise<bigint>
}

/** Offsets of a log's first record and of the next one to come. */
export interface LogEnds {
  start: bigint
  end: bigint
}

/**
 * Takes possession: fences the predecessor first, and reads the committed offsets only then.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals; TOPIC_WRONG where a committed offset is beyond the log's end, from where
 *   KafkaJS would silently jump to its beginning; what `beginAt` throws
 */
export async function ownPartitions(
  kafka: Kafka,
  transactionalId: string,
  claim: PartitionClaim,
): Promise<PartitionOwnership> {
  const { groupId, partitions, outputs, confirmed } = claim
  const producer = new TransactionalProducer(kafka, transactionalId)
  await producer.init({ groupId, topics: outputs })
  const positions = await readPositions(kafka, claim, async (begun) => {
    await confirmed()
    await producer.commit([], groupId, begun)
  }).catch(async (error) => {
    await producer.close()
    throw error
  })
  return {
    isPending: (record) => record.offset >= (positions.get(partitionKey(record)) ?? 0n),
    positions: () => partitions.map((one) => ({ ...one, offset: positions.get(partitionKey(one)) ?? 0n })),
    async commit(records, offsets) {
      await confirmed()
      await producer.commit(records, groupId, offsets)
      for (const one of offsets) positions.set(partitionKey(one), one.offset)
    },
    close: () => producer.close(),
  }
}

/** Knows which process has a partition, so that the next one knows whether it died of a record, and where it stood. */
export interface PartitionMarks {
  takeOver(positions: CommitOffset[]): Promise<void>
  leave(position: CommitOffset): Promise<void>
}

/**
 * Takes possession of one partition, with its marks, under a transactional id of its own: fencing follows it from owner to
 * owner.
 *
 * @throws as `ownPartitions`; what `confirmed` throws
 */
export async function ownPartition(
  kafka: Kafka,
  partition: TopicPartition,
  { marks, ...claim }: Omit<PartitionClaim, 'partitions'> & { marks: PartitionMarks },
): Promise<PartitionOwnership> {
  const transactionalId = `${claim.groupId}.${partition.topic}.${partition.partition}`
  const ownership = await ownPartitions(kafka, transactionalId, { ...claim, partitions: [partition] })
  try {
    await claim.confirmed()
    await marks.takeOver(ownership.positions())
  } catch (error) {
    await ownership.close()
    throw error
  }
  return {
    ...ownership,
    async close() {
      await ownership.close()
      for (const position of ownership.positions()) await marks.leave(position)
    },
  }
}

/** By "topic/partition" where the group goes on: as committed, or where the log begins, if that is further on. @param commit where it begins */
async function readPositions(
  kafka: Kafka,
  { groupId, partitions, beginAt }: PartitionClaim,
  commit: (begun: CommitOffset[]) => Promise<void>,
): Promise<Map<string, bigint>> {
  const committed = await readCommitted(kafka, groupId, partitions)
  const positions = new Map<string, bigint>()
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  for (const topic of topics) {
    const logs = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic), { topic })
    for (const one of partitions.filter((it) => it.topic === topic)) {
      const { partition } = one
      const log = logs.find((it) => it.partition === partition)
      const offset = committed.get(partitionKey(one)) ?? -1n
      const start = BigInt(log?.low ?? 0)
      const end = BigInt(log?.high ?? offset)
      if (offset > end) {
        const place = `group ${groupId} stands at ${offset} in partition ${partition} of ${topic}, which ends at ${end}`
        throw new EnrichmentError('TOPIC_WRONG', `${place}: set the group's offsets, its records were lost or replaced`)
      }
      positions.set(partitionKey(one), offset > start ? offset : start)
      if (offset >= 0n || beginAt === undefined) continue
      const begin = await beginAt(one, { start, end })
      // At once: from now on a group without an offset is one that has lost it.
      await commit([{ ...one, offset: begin }])
      positions.set(partitionKey(one), begin)
    }
  }
  return positions
}

/** Committed offsets by "topic/partition"; -1 where the group has none. */
async function readCommitted(
  kafka: Kafka,
  groupId: string,
  partitions: TopicPartition[],
): Promise<Map<string, bigint>> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  if (topics.length === 0) return new Map()
  const answer = await withAdmin(kafka, (admin) => admin.fetchOffsets({ groupId, topics }), { group: groupId })
  return new Map(
    answer.flatMap(({ topic, partitions: all }) =>
      all.map(({ partition, offset }) => [partitionKey({ topic, partition }), BigInt(offset)] as const),
    ),
  )
}
