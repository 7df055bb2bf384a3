import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { createKafka } from '../../src/kafka/kafka-client.ts'
import { createMissingTopics } from '../../src/kafka/topics.ts'
import { registry } from '../../src/metrics.ts'
import { keepLagMetrics } from '../../src/ops/lag-metrics.ts'
import { startKafka } from '../stack/kafka.ts'
import { createKafkaRoom, type KafkaRoom } from '../stack/kafka-room.ts'

afterEach(() => {
  vi.useRealTimers()
  registry.resetMetrics()
})

/** The value of a lag metric of the topic's first partition; undefined when it is not told. */
async function read(unit: 'records' | 'seconds', group: string, topic: string): Promise<number | undefined> {
  const line = `album_enricher_consumer_lag_${unit}{group="${group}",topic="${topic}",partition="0"} `
  const found = (await registry.metrics()).split('\n').find((text) => text.startsWith(line))
  return found === undefined ? undefined : Number(found.slice(line.length))
}

function keep(
  { kafka, group, topic, log }: Pick<KafkaRoom, 'kafka' | 'group' | 'topic' | 'log'>,
  topics: () => string[] = () => [topic],
) {
  const stop = new AbortController()
  const keeping = keepLagMetrics(kafka, [{ group, topics }], log, stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await keeping
  })
}

test('tells the records that a group has not finished and the age of the oldest, from the first look on', async () => {
  const room = await createKafkaRoom()
  const { kafka, topic, group } = room
  const producer = kafka.producer()
  await producer.connect()
  const hourAgo = String(Date.now() - 3_600_000)
  await producer.send({
    topic,
    messages: [
      { value: 'old', timestamp: hourAgo },
      { value: 'new', timestamp: String(Date.now()) },
    ],
  })
  await producer.disconnect()
  keep(room)
  await expect.poll(() => read('records', group, topic)).toBe(2)
  const seconds = await read('seconds', group, topic)
  expect(seconds).toBeGreaterThan(3_595)
  expect(seconds).toBeLessThan(3_620)
})

test('nothing unfinished is no records and no seconds', async () => {
  const room = await createKafkaRoom()
  const { topic, group } = room
  keep(room)
  await expect.poll(() => read('records', group, topic)).toBe(0)
  expect(await read('seconds', group, topic)).toBe(0)
})

test('topics that a group begins to follow are told, and those that it lets go of are told no more', async () => {
  const [first, second] = [await createKafkaRoom(), await createKafkaRoom()]
  const { group } = first
  let topics = [first.topic]
  keep(first, () => topics)
  await expect.poll(() => read('records', group, first.topic)).toBe(0)
  topics = [second.topic]
  await expect.poll(() => read('records', group, second.topic)).toBe(0)
  expect([await read('records', group, first.topic), await read('seconds', group, first.topic)]).toEqual([
    undefined,
    undefined,
  ])
})

test('figures older than a minute are taken back and come again with the broker, those of another group stay', async () => {
  const seen = await createKafkaRoom()
  const server = await startKafka()
  onTestFinished(() => server.stop())
  const lost = { ...seen, kafka: createKafka([server.brokers], 'lost', seen.log), topic: 'lost', group: 'lost' }
  const plan = { topic: lost.topic, partitions: 1, keepsForever: false, mustHaveOnePartition: false }
  await createMissingTopics(lost.kafka, [plan])
  keep(seen)
  keep(lost)
  await expect.poll(() => read('records', seen.group, seen.topic)).toBe(0)
  await expect.poll(() => read('records', lost.group, lost.topic)).toBe(0)

  await server.kill()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  await expect.poll(() => read('records', lost.group, lost.topic), { interval: 500 }).toBe(undefined)
  expect(await read('seconds', lost.group, lost.topic)).toBe(undefined)
  expect(await read('records', seen.group, seen.topic)).toBe(0)

  vi.useRealTimers()
  await server.start()
  await expect.poll(() => read('records', lost.group, lost.topic), { interval: 500 }).toBe(0)
})
