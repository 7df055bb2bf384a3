import type { Kafka } from 'kafkajs'
import { withAdmin } from './kafka-client.ts'

/** One of a lane's topics, of one partition, as the broker has it. */
export interface LaneTopicOffsets {
  topic: string
  /** The first offset that is still there. */
  logStart: bigint
  /** Where the next record will stand. */
  logEnd: bigint
  /** null where the group has none. */
  committed: { offset: bigint; metadata: string | null } | null
}

/**
 * Where a group stands in topics of one partition, and in which cluster. MUST be read after the transactional producer
 * was initialised: until then a predecessor's commit may still arrive.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE
 */
export async function readLaneOffsets(
  kafka: Kafka,
  groupId: string,
  topics: readonly string[],
): Promise<{ clusterId: string; topics: LaneTopicOffsets[] }> {
  return withAdmin(kafka, async (admin) => {
    const { clusterId } = await admin.describeCluster()
    const committed = await admin.fetchOffsets({ groupId, topics: [...topics] })
    const read = topics.map(async (topic): Promise<LaneTopicOffsets> => {
      const [end] = await admin.fetchTopicOffsets(topic)
      const own = committed.find((entry) => entry.topic === topic)?.partitions.find(({ partition }) => partition === 0)
      const offset = BigInt(own?.offset ?? -1)
      return {
        topic,
        logStart: BigInt(end?.low ?? 0),
        logEnd: BigInt(end?.high ?? 0),
        committed: offset < 0n ? null : { offset, metadata: own?.metadata ?? null },
      }
    })
    return { clusterId, topics: await Promise.all(read) }
  })
}
