import { expect, onTestFinished, test } from 'vitest'
import type { OutgoingRecord } from '../../src/kafka/delivery.ts'
import { withAdmin } from '../../src/kafka/kafka-client.ts'
import { publishRecords } from '../../src/kafka/publish-records.ts'
import { readTopic } from '../../src/kafka/read-topic.ts'
import { aRecord, createCutKafka, createKafkaRoom } from '../stack/kafka-room.ts'

test('more records than one batch may hold are published in order', async () => {
  const { kafka, topic } = await createKafkaRoom()
  const values = Array.from({ length: 1_200 }, (_, index) => `record ${index}`)
  await publishRecords(
    kafka,
    values.map((value) => aRecord(topic, value)),
  )
  const seen: string[] = []
  await readTopic(kafka, topic, ({ value }) => {
    seen.push(String(value))
    return undefined
  })
  expect(seen).toEqual(values)
})

test('key, headers and a missing value arrive as they were given', async () => {
  const { kafka, topic } = await createKafkaRoom()
  const headers = { code: 'X', twice: ['a', 'b'], empty: Buffer.alloc(0) }
  const records: OutgoingRecord[] = [
    { topic, key: 'tombstone', value: null },
    { topic, key: null, value: Buffer.from([0, 255]), headers },
  ]
  await publishRecords(kafka, records)
  const seen: unknown[] = []
  await readTopic(kafka, topic, ({ key, value, headers }) => {
    seen.push({ key: key?.toString() ?? null, value, headers })
    return undefined
  })
  expect(seen).toEqual([
    { key: 'tombstone', value: null, headers: {} },
    {
      key: null,
      value: Buffer.from([0, 255]),
      headers: { code: Buffer.from('X'), twice: [Buffer.from('a'), Buffer.from('b')], empty: Buffer.alloc(0) },
    },
  ])
})

test('a topic that does not exist is not made by the way', async () => {
  const { kafka, topic } = await createKafkaRoom()
  const publishing = publishRecords(kafka, [aRecord(`${topic}-none`, 'x')])
  await expect(publishing).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
})

test('what Kafka does not take in time is not sent later either', async () => {
  const { kafka, topic } = await createKafkaRoom()
  const cut = createCutKafka()
  const late = { code: 'KAFKA_UNAVAILABLE', message: expect.stringContaining('within 0.5 s') }
  await expect(publishRecords(cut.kafka, [aRecord(topic, 'late')], 500)).rejects.toMatchObject(late)
  const [sending] = await cut.begun
  await expect(sending).rejects.toMatchObject(late)
  expect(await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic))).toMatchObject([{ high: '0' }])
})

test('what Kafka has taken is published, also where the client does not close', async () => {
  const { kafka, topic } = await createKafkaRoom()
  const producer = kafka.producer.bind(kafka)
  let closing = 0
  kafka.producer = (options) => {
    const made = producer(options)
    onTestFinished(() => made.disconnect())
    const disconnect = () => {
      closing += 1
      return new Promise<void>(() => undefined)
    }
    return { ...made, disconnect }
  }
  await publishRecords(kafka, [aRecord(topic, 'without a limit')])
  await publishRecords(kafka, [aRecord(topic, 'within a time')], 30_000)
  expect(closing).toBe(2)
  expect(await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic))).toMatchObject([{ high: '2' }])
})
