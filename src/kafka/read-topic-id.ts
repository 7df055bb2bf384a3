import { type Kafka, withAdmin } from './kafka-client.ts'
import { askingForIds } from './patches/topic-ids.ts'

/**
 * What tells a topic from one of the same name that was made anew, or is in another cluster.
 *
 * @returns null where the brokers tell no ids, as before Kafka 2.8
 * @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals, a topic that is missing among them
 */
export async function readTopicId(kafka: Kafka, topic: string): Promise<string | null> {
  const { list, ids } = askingForIds([topic])
  await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: list }), { topic })
  return ids.get(topic) ?? null
}
