import type { Kafka } from 'kafkajs'
import type { TopicPartition } from './delivery.ts'
import { withAdmin } from './kafka-client.ts'

export interface PartitionLag extends TopicPartition {
  /** Where the group goes on; null when it has committed nothing yet. */
  committed: bigint | null
  /** Where the next record will stand. */
  end: bigint
  /** Records, transaction markers among them, from there to the end. */
  lag: bigint
}

/** How far a group is behind, by partition. @throws EnrichmentError KAFKA_UNAVAILABLE */
export async function readLag(kafka: Kafka, groupId: string, topics: string[]): Promise<PartitionLag[]> {
  return withAdmin(kafka, async (admin) => {
    const committed = await admin.fetchOffsets({ groupId, topics })
    const byTopic = topics.map(async (topic) => {
      const own = committed.find((entry) => entry.topic === topic)?.partitions ?? []
      const ends = await admin.fetchTopicOffsets(topic)
      return ends.map(({ partition, low, high }): PartitionLag => {
        const offset = BigInt(own.find((entry) => entry.partition === partition)?.offset ?? -1)
        const from = offset < 0n ? BigInt(low) : offset
        const end = BigInt(high)
        return { topic, partition, committed: offset < 0n ? null : offset, end, lag: end > from ? end - from : 0n }
      })
    })
    return (await Promise.all(byTopic)).flat()
  })
}
