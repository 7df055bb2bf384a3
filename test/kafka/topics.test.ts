import { randomUUID } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { createKafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { checkTopics, createMissingTopics, type TopicPlan } from '../../src/kafka/topics.ts'
import { createLogger } from '../../src/log.ts'

const kafka = createKafka(inject('kafkaBrokers').split(','), 'topics-test', createLogger('fatal'))

function aPlan(changes: Partial<TopicPlan> = {}): TopicPlan {
  return { topic: `plan-${randomUUID()}`, partitions: 1, keepsForever: true, mustHaveOnePartition: true, ...changes }
}

const create = (topic: string, numPartitions: number, config: Record<string, string> = {}) =>
  withAdmin(kafka, (admin) =>
    admin.createTopics({
      topics: [
        { topic, numPartitions, configEntries: Object.entries(config).map(([name, value]) => ({ name, value })) },
      ],
      waitForLeaders: true,
    }),
  )

test('missing topics are created as planned and pass the check at once; existing ones stay as they are', async () => {
  const plans = [aPlan(), aPlan({ partitions: 6, keepsForever: false, mustHaveOnePartition: false })]
  const names = plans.map(({ topic }) => topic)
  expect((await createMissingTopics(kafka, plans)).toSorted()).toEqual(names.toSorted())
  await checkTopics(kafka, plans)
  expect(await createMissingTopics(kafka, plans)).toEqual([])
  const { topics } = await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: names }))
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
  expect(names.map((name) => counts.get(name))).toEqual([1, 6])
})

test('a topic takes records as large as planned', async () => {
  const plan = aPlan({ maxMessageBytes: 2_097_152 })
  await createMissingTopics(kafka, [plan])
  const producer = kafka.producer()
  await producer.connect()
  const value = Buffer.alloc(1_500_000)
  await producer.send({ topic: plan.topic, messages: [{ value }] })
  await producer.disconnect()
})

test('every fault of every topic is told at once, with its remedy', async () => {
  const [missing, wide, short] = [aPlan(), aPlan({ maxMessageBytes: 2_097_152 }), aPlan()]
  await create(wide.topic, 3, { 'retention.ms': '-1', 'compression.type': 'uncompressed' })
  await create(short.topic, 1, { 'retention.ms': '-1', 'cleanup.policy': 'compact', 'retention.bytes': '1000' })
  const checking = checkTopics(kafka, [missing, wide, short])
  await expect(checking).rejects.toMatchObject({ code: 'TOPIC_WRONG' })
  const faults = String(await checking.catch((error: Error) => error.message)).split('\n')
  const wanted = [
    `topic ${missing.topic} does not exist: run \`album-enricher setup\``,
    `topic ${wide.topic} has 3 partitions and must have exactly 1`,
    `topic ${wide.topic} has max.message.bytes=1048588 and must have at least 2097152`,
    `topic ${wide.topic} has compression.type=uncompressed and must have another`,
    `topic ${short.topic} has cleanup.policy=compact and must have cleanup.policy=delete`,
    `topic ${short.topic} has retention.bytes=1000 and must have retention.bytes=-1`,
  ]
  for (const fault of wanted) expect(faults).toContainEqual(expect.stringContaining(fault))
  expect(faults.length).toBe(wanted.length)
})

test('a topic that nobody needs for ever may have any retention and any number of partitions', async () => {
  const plan = aPlan({ keepsForever: false, mustHaveOnePartition: false })
  await create(plan.topic, 2, { 'cleanup.policy': 'compact' })
  await checkTopics(kafka, [plan])
})
