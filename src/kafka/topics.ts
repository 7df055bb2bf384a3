import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import { describeConfigs } from './describe-configs.ts'
import { describeTopics, explainMissing } from './describe-topics.ts'
import { type Admin, withAdmin } from './kafka-client.ts'

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
const COMPRESSION = 'compression.type'
const KEEP_FOREVER = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' }

/** How many copies a new topic gets; undefined: what the broker gives by itself. */
export interface TopicCopies {
  replicationFactor: number | undefined
  /** How many of them must be up to date for anything to be written (min.insync.replicas). */
  minInsyncReplicas: number | undefined
}

/**
 * Creates the topics that are missing and answers their names; existing ones are left as they are.
 *
 * @throws EnrichmentError TOPIC_WRONG where the cluster refuses one, KAFKA_UNAVAILABLE, Kafka's refusals
 */
export async function createMissingTopics(
  kafka: Kafka,
  plans: TopicPlan[],
  { replicationFactor, minInsyncReplicas }: Partial<TopicCopies> = {},
): Promise<string[]> {
  return withAdmin(kafka, async (admin) => {
    const names = plans.map(({ topic }) => topic)
    const missing = new Set((await describeTopics(admin, names)).filter(isAbsent).map(({ topic }) => topic))
    const topics = plans
      .filter(({ topic }) => missing.has(topic))
      .map(({ topic, partitions, keepsForever, maxMessageBytes }) => ({
        topic,
        numPartitions: partitions,
        ...(replicationFactor !== undefined && { replicationFactor }),
        configEntries: Object.entries({
          ...(keepsForever && KEEP_FOREVER),
          ...(maxMessageBytes !== undefined && { [LARGEST]: String(maxMessageBytes) }),
          ...(minInsyncReplicas !== undefined && { 'min.insync.replicas': String(minInsyncReplicas) }),
        }).map(([name, value]) => ({ name, value })),
      }))
    const created = topics.map(({ topic }) => topic)
    if (topics.length > 0) await admin.createTopics({ waitForLeaders: false, topics }).catch(explainCreation)
    await untilVisible(admin, created)
    return created
  })
}

const isAbsent = ({ partitions }: { partitions: unknown[] }) => partitions.length === 0

/** KafkaJS says that there were errors, and hides which. */
function explainCreation(error: unknown): never {
  const { errors } = error as { errors?: { topic: string; message: string }[] }
  if (errors === undefined) throw error
  const faults = errors.map(({ topic, message }) => `topic ${topic} cannot be created: ${message}`)
  const remedy = 'see TOPIC_REPLICATION_FACTOR, TOPIC_MIN_INSYNC_REPLICAS and how many brokers there are'
  throw new EnrichmentError('TOPIC_WRONG', `${faults.join('\n')}\n${remedy}`, { cause: error })
}

const VISIBLE_WITHIN_MS = 10_000

/** A broker may not know a topic for a moment after its creation; KafkaJS's own waiting fails on that. */
async function untilVisible(admin: Admin, topics: string[]): Promise<void> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS
  while (topics.length > 0) {
    const isLast = Date.now() > deadline
    try {
      if (explainMissing(await describeTopics(admin, topics)) === undefined) {
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
 * @throws EnrichmentError TOPIC_WRONG naming every fault and how to mend it; KAFKA_UNAVAILABLE, Kafka's refusals
 */
export async function checkTopics(kafka: Kafka, plans: TopicPlan[]): Promise<void> {
  const faults = await withAdmin(kafka, async (admin) => {
    const described = await describeTopics(
      admin,
      plans.map(({ topic }) => topic),
    )
    const found = described
      .filter(isAbsent)
      .map(({ topic }) => `topic ${topic} does not exist: run \`album-enricher setup\``)
    const counts = new Map(described.map(({ topic, partitions }) => [topic, partitions.length]))
    const present = plans.filter(({ topic }) => counts.get(topic))
    for (const plan of present) {
      const count = counts.get(plan.topic) ?? 0
      if (plan.mustHaveOnePartition && count !== 1) {
        found.push(
          `topic ${plan.topic} has ${count} partitions and must have exactly 1, because Amazon work is serial: ` +
            'delete it, run `album-enricher setup` and replay what it held, or name another topic',
        )
      }
    }
    return [...found, ...(await configFaults(admin, present))]
  })
  if (faults.length > 0) throw new EnrichmentError('TOPIC_WRONG', faults.join('\n'))
}

/** Settings of existing topics that would lose records, or stop the lane at the first large one. */
async function configFaults(admin: Admin, plans: TopicPlan[]): Promise<string[]> {
  const configs = await describeConfigs(
    admin,
    plans.map(({ topic }) => topic),
    [...Object.keys(KEEP_FOREVER), LARGEST, COMPRESSION],
  )
  return plans.flatMap(({ topic, keepsForever, maxMessageBytes = 0 }) => {
    const settingOf = (name: string) => configs.get(topic)?.get(name)
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
    const wanted = String(maxMessageBytes)
    const isSmall = largest < maxMessageBytes
    // The broker would inflate what we send, and only then look at its size.
    const isInflated = maxMessageBytes > 0 && settingOf(COMPRESSION) === 'uncompressed'
    const smallness = `topic ${topic} has ${LARGEST}=${largest} and must have at least ${wanted}, or a large record would come no `
    const inflation = `topic ${topic} has ${COMPRESSION}=uncompressed and must have another, or a large record would come no `
    return [
      ...losses,
      ...(isSmall ? [`${smallness}further: ${remedy(LARGEST, wanted)}`] : []),
      ...(isInflated ? [`${inflation}further: ${remedy(COMPRESSION, 'producer')}`] : []),
    ]
  })
}
