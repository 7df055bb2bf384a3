import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createKafka, type Kafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { readLag } from '../../src/kafka/read-lag.ts'
import { readTopic } from '../../src/kafka/read-topic.ts'
import { createMissingTopics } from '../../src/kafka/topics.ts'
import { type ProducerOptions, TransactionalProducer } from '../../src/kafka/transactional-producer.ts'
import { createLogger } from '../../src/log.ts'
import { type KafkaServer, startKafka } from '../stack/kafka.ts'
import { takePart } from '../stack/kafka-room.ts'

const KILLS = 4
const GROUP = 'group'
const SOURCE = 'source'
const RESULTS = 'results'
const PARTITIONS = [0, 1, 2, 3, 4, 5]
/** The more partitions a broker has, the longer it is without their leaders when it comes back. */
const MANY = 400

async function openProducer(
  kafka: Kafka,
  partition: number,
  options?: ProducerOptions,
): Promise<TransactionalProducer> {
  for (const deadline = Date.now() + 30_000; ; await sleep(200)) {
    const producer = new TransactionalProducer(kafka, `${GROUP}.${partition}`, takePart(GROUP, RESULTS), options)
    try {
      await producer.init()
      return producer
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

/** How many results of each partition of the source are shown, and how many its offsets say. */
async function count(kafka: Kafka): Promise<{ shown: number[]; committed: number[] }> {
  const shown = PARTITIONS.map(() => 0)
  await readTopic(kafka, RESULTS, ({ key }) => {
    const partition = Number(key)
    shown[partition] = (shown[partition] ?? 0) + 1
    return undefined
  })
  const lags = await withAdmin(kafka, (admin) => readLag(admin, GROUP, [SOURCE]))
  const committed = PARTITIONS.map((own) => lags.find(({ partition }) => partition === own)?.committed ?? 0n)
  return { shown, committed: committed.map(Number) }
}

async function createTopics(): Promise<{ server: KafkaServer; kafka: Kafka }> {
  const server = await startKafka()
  onTestFinished(() => server.stop())
  const kafka = createKafka([server.brokers], 'test', createLogger('fatal'))
  const plan = { keepsForever: false, mustHaveOnePartition: false }
  await createMissingTopics(kafka, [
    { ...plan, topic: SOURCE, partitions: PARTITIONS.length },
    { ...plan, topic: RESULTS, partitions: 1 },
    { ...plan, topic: 'many', partitions: MANY },
  ])
  return { server, kafka }
}

test('a broker that is killed while commits are half done shows results and offsets together, or neither', {
  timeout: 240_000,
}, async () => {
  const { server, kafka } = await createTopics()
  for (let kills = 0; kills <= KILLS; kills += 1) {
    const producers = await Promise.all(PARTITIONS.map((partition) => openProducer(kafka, partition)))
    const { shown, committed } = await count(kafka)
    expect(shown, `after ${kills} kills`).toEqual(committed)

    const killed = Promise.withResolvers<void>()
    const killAt = Date.now() + 500
    // Its answer comes when the commit is decided, and a moment before its markers are written.
    const onCommitted = () => {
      if (Date.now() > killAt) killed.resolve(server.kill())
    }
    const commits = producers.map(async (producer, partition) => {
      for (let offset = (shown[partition] ?? 0) + 1; ; offset += 1) {
        const record = { topic: RESULTS, key: String(partition), value: Buffer.from('result') }
        await producer.commit([record], [{ topic: SOURCE, partition, offset: BigInt(offset) }])
        onCommitted()
      }
    })
    const ends = Promise.all(commits.map((all) => expect(all).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })))
    await killed.promise
    await server.start()
    await ends
    await Promise.all(producers.map((producer) => producer.close()))
  }
})

test('what was published right before a broker was killed is shown, also when its owner has nothing more to do', {
  timeout: 120_000,
}, async () => {
  const { server, kafka } = await createTopics()
  for (let kills = 0; kills < 2; kills += 1) {
    const broken = new Set<number>()
    const open = async (partition: number) =>
      openProducer(kafka, partition, { settledAfterMs: 2_000, onBroken: () => void broken.add(partition) })
    const producers = await Promise.all(PARTITIONS.map(open))
    const published = (await count(kafka)).committed
    const killAt = Date.now() + 500
    let killed: Promise<void> | undefined
    await Promise.all(
      producers.map(async (producer, partition) => {
        while (killed === undefined) {
          const offset = (published[partition] ?? 0) + 1
          const record = { topic: RESULTS, key: String(partition), value: Buffer.from('result') }
          const commit = producer.commit([record], [{ topic: SOURCE, partition, offset: BigInt(offset) }])
          const isCommitted = await commit.then(
            () => true,
            () => false,
          )
          if (isCommitted) published[partition] = offset
          else broken.add(partition)
          if (Date.now() > killAt) killed ??= server.kill().then(() => server.start())
        }
      }),
    )
    await killed
    // As their owners would: they would hide what stands behind them.
    const successors = await Promise.all([...broken].map((partition) => openProducer(kafka, partition)))
    const differing = async () => {
      const { shown, committed } = await count(kafka)
      return PARTITIONS.filter(
        (own) => !broken.has(own) && (shown[own] !== published[own] || committed[own] !== published[own]),
      )
    }
    await expect.poll(differing, { timeout: 30_000, interval: 500 }).toEqual([])
    await Promise.all([...producers, ...successors].map((producer) => producer.close()))
  }
})
