import type { Kafka } from 'kafkajs'
import { describeConfigs } from './describe-configs.ts'
import { describeTopics, explainMissing, type TopicDescription } from './describe-topics.ts'
import { withAdmin } from './kafka-client.ts'

const MIN_ISR = 'min.insync.replicas'

/**
 * Why some of these topics cannot be written to or read from now, a sentence each: they are missing, nobody leads them,
 * or too few of their brokers are up to date.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals
 */
export async function findTroubles(kafka: Kafka, topics: readonly string[]): Promise<string[]> {
  return withAdmin(kafka, async (admin) => {
    const described = await describeTopics(admin, topics)
    const present = described.filter(({ partitions }) => partitions.length > 0)
    const configs = await describeConfigs(
      admin,
      present.map(({ topic }) => topic),
      [MIN_ISR],
    )
    const missing = explainMissing(described)
    const short = present.flatMap((one) => explainShortage(one, Number(configs.get(one.topic)?.get(MIN_ISR) ?? 1)))
    return missing === undefined ? short : [missing, ...short]
  })
}

function explainShortage({ topic, partitions }: TopicDescription, minimum: number): string[] {
  return partitions.flatMap(({ partition, leader, replicas, isr }) => {
    // A broker demands no more of them than there are.
    const demanded = Math.min(minimum, replicas.length)
    if (leader < 0 || isr.length >= demanded) return []
    const away = replicas.filter((id) => !isr.includes(id)).join(', ')
    const counts = `${isr.length} of the ${demanded} up-to-date replicas that ${MIN_ISR} demands`
    return `partition ${partition} of ${topic} has ${counts}, so nothing can be written to it: bring broker ${away} back`
  })
}

/**
 * What makes these topics weaker than their cluster, a sentence each with the command that mends it: one copy where
 * there are several brokers is lost, or stands still, with its broker.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals
 */
export async function findWeaknesses(kafka: Kafka, topics: readonly string[]): Promise<string[]> {
  return withAdmin(kafka, async (admin) => {
    const described = await describeTopics(admin, topics)
    const { brokers } = await admin.describeCluster()
    const ids = brokers.map(({ nodeId }) => nodeId)
    if (ids.length < 2) return []
    return described
      .filter(({ partitions }) => partitions.some(({ replicas }) => replicas.length === 1))
      .map(({ topic, partitions }) => {
        const wanted = partitions.map(({ partition, replicas }) => ({
          topic,
          partition,
          replicas: [...replicas, ...ids.filter((id) => !replicas.includes(id))].slice(0, 3),
        }))
        const plan = JSON.stringify({ version: 1, partitions: wanted })
        return (
          `topic ${topic} has one replica on a cluster of ${ids.length} brokers, and stands still when that broker does: ` +
          `kafka-reassign-partitions.sh --execute --reassignment-json-file FILE, with FILE holding ${plan}`
        )
      })
  })
}
