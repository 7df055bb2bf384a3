import type { Admin } from './kafka-client.ts'
import { toleratingFaults } from './patches/own-metadata.ts'

export interface PartitionDescription {
  partition: number
  /** Node id; -1 while there is none. */
  leader: number
  /** Node ids of those that keep it, and of those among them that are up to date. */
  replicas: number[]
  isr: number[]
}

export interface TopicDescription {
  topic: string
  /** In order; none where the topic does not exist. */
  partitions: PartitionDescription[]
}

/** Describes topics that may be missing, or without a leader. @throws what withAdmin makes of a KafkaJS error */
export async function describeTopics(admin: Admin, topics: readonly string[]): Promise<TopicDescription[]> {
  if (topics.length === 0) return []
  const { topics: found } = await admin.fetchTopicMetadata({ topics: toleratingFaults(topics) })
  return topics.map((topic) => ({
    topic,
    partitions: (found.find(({ name }) => name === topic)?.partitions ?? [])
      .map(({ partitionId, leader, replicas, isr }) => ({ partition: partitionId, leader, replicas, isr }))
      .toSorted((one, other) => one.partition - other.partition),
  }))
}

/** Why not every partition of some topics can be used now, in words; undefined when each has a leader. */
export function explainMissing(topics: readonly TopicDescription[]): string | undefined {
  const absent = topics.filter(({ partitions }) => partitions.length === 0).map(({ topic }) => `topic ${topic}`)
  if (absent.length > 0) return `${absent.join(', ')} does not exist: run \`album-enricher setup\``
  const places = topics.flatMap(({ topic, partitions }) =>
    partitions
      .filter(({ leader }) => leader < 0)
      .map(({ partition, replicas }) => `partition ${partition} of ${topic} (kept by ${replicas.join(', ')})`),
  )
  return places.length === 0 ? undefined : `no broker leads ${places.join(', ')}: bring its brokers back`
}
