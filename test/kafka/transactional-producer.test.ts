import { expect, test } from 'vitest'
import { readLag } from '../../src/kafka/read-lag.ts'
import { readTopic } from '../../src/kafka/read-topic.ts'
import { TransactionalProducer } from '../../src/kafka/transactional-producer.ts'
import { aRecord, createKafkaRoom, type KafkaRoom } from '../stack/kafka-room.ts'

async function valuesIn({ kafka, topic }: KafkaRoom): Promise<string[]> {
  const values: string[] = []
  await readTopic(kafka, topic, ({ value }) => {
    values.push(String(value))
    return undefined
  })
  return values
}

const committedIn = async ({ kafka, topic, group }: KafkaRoom) => (await readLag(kafka, group, [topic]))[0]?.committed

async function open(room: KafkaRoom): Promise<TransactionalProducer> {
  const producer = new TransactionalProducer(room.kafka, `${room.group}.owner`)
  await producer.init()
  return producer
}

test('records and offsets of a commit become visible together', async () => {
  const room = await createKafkaRoom()
  const { topic, group } = room
  const producer = await open(room)
  await producer.commit([aRecord(topic, 'one'), aRecord(topic, 'two')], group, [{ topic, partition: 0, offset: 7n }])
  await producer.close()
  // The first transaction of a broker: its marker reaches the topic a moment after the commit was answered.
  await expect.poll(() => valuesIn(room), { timeout: 10_000 }).toEqual(['one', 'two'])
  expect(await committedIn(room)).toBe(7n)
})

test('a predecessor with the same id can commit nothing any more', async () => {
  const room = await createKafkaRoom()
  const { topic, group } = room
  const former = await open(room)
  const owner = await open(room)
  const late = former.commit([aRecord(topic, 'late')], group, [{ topic, partition: 0, offset: 1n }])
  await expect(late).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  await owner.commit([aRecord(topic, 'own')], group, [{ topic, partition: 0, offset: 2n }])
  await owner.close()
  expect(await valuesIn(room)).toEqual(['own'])
  expect(await committedIn(room)).toBe(2n)
})

test('a commit of which one record is refused publishes none of them', async () => {
  const room = await createKafkaRoom()
  const { topic, group } = room
  const producer = await open(room)
  const refused = producer.commit([aRecord(topic, 'good'), aRecord('no/such topic', 'bad')], group, [
    { topic, partition: 0, offset: 1n },
  ])
  await expect(refused).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  const successor = await open(room)
  await successor.commit([aRecord(topic, 'again')], group, [])
  await successor.close()
  expect(await valuesIn(room)).toEqual(['again'])
  expect(await committedIn(room)).toBe(null)
})

test('a commit of more megabytes than the broker takes in one batch goes through, in order', async () => {
  const room = await createKafkaRoom()
  const producer = await open(room)
  const values = Array.from({ length: 2_500 }, (_, index) => `${index} ${'x'.repeat(1_000)}`)
  await producer.commit(
    values.map((value) => aRecord(room.topic, value)),
    room.group,
    [],
  )
  await producer.close()
  expect(await valuesIn(room)).toEqual(values)
})
