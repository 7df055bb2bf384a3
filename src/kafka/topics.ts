import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConfigResourceTypes, Kafka } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import { withAdmin } from './kafka-client.ts'

// Named imports of this constant type-check but are undefined at run time: only the CommonJS default has it.
const { ConfigResourceTypes: resourceTypes } = createRequire(import.meta.url)('kafkajs') as {
  ConfigResourceTypes: typeof ConfigResourceTypes
}

export interface TopicPlan {
  topic: string
  /** How many partitions a new topic gets. */
  partitions: number
  /** Records wait here until they are done: they must never be deleted by age, size or compaction. */
  keepsForever: boolean
  /** One partition is what keeps Amazon work serial; another number is refused. */
  mustHaveOnePartition: boolean
  /** Bytes that the topic takes for a batch at least, where it differs from the broker's default. */
  maxMessageBytes?: number
}

const LARGEST = 'max.message.bytes'
const KEEP_FOREVER = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' }

/** Creates the topics that are missing and answers their names; existing ones are left as they are. */
export async function createMissingTopics(kafka: Kafka, plans: TopicPlan[]): Promise<string[]> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics())
    const missing = plans.filter(({ topic }) => !existing.has(topic))
    const topics = missing.map(({ topic, partitions, keepsForever, maxMessageBytes }) => ({
      topic,
      numPartitions: partitions,
      configEntries: Object.entries({
        ...(keepsForever && KEEP_FOREVER),
        ...(maxMessageBytes !== undefined && { [LARGEST]: String(maxMessageBytes) }),
      }).map(([name, value]) => ({ name, value })),
    }))
    const created = missing.map(({ topic }) => topic)
    if (topics.length > 0) await admin.createTopics({ waitForLeaders: false, topics })
    await untilVisible(admin, created)
    return created
  })
}

const VISIBLE_WITHIN_MS = 10_000

/** A broker may not know a topic for a moment after its creation; KafkaJS's own waiting fails on that. */
async function untilVisible(admin: Admin, topics: string[]): Promise<void> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS
  while (topics.length > 0) {
    const isLast = Date.now() > deadline
    try {
      const { topics: metadata } = await admin.fetchTopicMetadata({ topics })
      if (metadata.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0))) {
        // A leader that is named may not know of it yet.
        for (const topic of topics) await admin.fetchTopicOffsets(topic)
        return
      }
    } catch (error) {
      if (isLast) throw error
    }
    if (isLast) return
    await delay(100)
  }
}

/**
 * Makes sure that no topic would lose or reorder requests.
 *
 * @throws EnrichmentError TOPIC_WRONG naming every fault and how to mend it; KAFKA_UNAVAILABLE
 */
export async function checkTopics(kafka: Kafka, plans: TopicPlan[]): Promise<void> {
  const faults = await withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics())
    const missing = plans.filter(({ topic }) => !existing.has(topic))
    const present = plans.filter(({ topic }) => existing.has(topic))
    const { topics: metadata } = await admin.fetchTopicMetadata({ topics: present.map(({ topic }) => topic) })
    const counts = new Map(metadata.map(({ name, partitions }) => [name, partitions.length]))
    const found = missing.map(({ topic }) => `topic ${topic} does not exist: run \`album-enricher setup\``)
    for (const plan of present) {
      const count = counts.get(plan.topic) ?? 0
      if (plan.mustHaveOnePartition && count !== 1) {
        found.push(
          `topic ${plan.topic} has ${count} partitions and must have exactly 1, because Amazon work is serial: ` +
            'let its records be finished, delete it and run `album-enricher setup`, or name another topic',
        )
      }
    }
    return [...found, ...(await configFaults(admin, present))]
  })
  if (faults.length > 0) throw new EnrichmentError('TOPIC_WRONG', faults.join('\n'))
}

type Admin = ReturnType<Kafka['admin']>

/** Settings of existing topics that would lose records, or stop the lane at the first large one. */
async function configFaults(admin: Admin, plans: TopicPlan[]): Promise<string[]> {
  if (plans.length === 0) return []
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: plans.map(({ topic }) => ({
      type: resourceTypes.TOPIC,
      name: topic,
      configNames: [...Object.keys(KEEP_FOREVER), LARGEST],
    })),
  })
  return plans.flatMap(({ topic, keepsForever, maxMessageBytes = 0 }) => {
    const entries = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? []
    const settingOf = (name: string) => entries.find((entry) => entry.configName === name)?.configValue
    const remedy = (name: string, value: string) =>
      `kafka-configs.sh --alter --topic ${topic} --add-config ${name}=${value}`
    const losses = Object.entries(keepsForever ? KEEP_FOREVER : {}).flatMap(([name, wanted]) => {
      const value = settingOf(name)
      if (value === wanted) return []
      return (
        `topic ${topic} has ${name}=${value} and must have ${name}=${wanted}, or it would delete unprocessed ` +
        `records: ${remedy(name, wanted)}`
      )
    })
    const largest = Number(settingOf(LARGEST))
    if (largest >= maxMessageBytes) return losses
    const wanted = String(maxMessageBytes)
    return [
      ...losses,
      `topic ${topic} has ${LARGEST}=${largest} and must have at least ${wanted}, or a large record would come no ` +
        `further: ${remedy(LARGEST, wanted)}`,
    ]
  })
}
