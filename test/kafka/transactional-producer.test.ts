import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Kafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { readLag } from '../../src/kafka/read-lag.ts'
import { readTopic } from '../../src/kafka/read-topic.ts'
import { TransactionalProducer } from '../../src/kafka/transactional-producer.ts'
import { aRecord, createKafkaRoom, type KafkaRoom, takePart, untilMarked } from '../stack/kafka-room.ts'

async function valuesIn({ kafka, topic }: KafkaRoom): Promise<string[]> {
  const values: string[] = []
  await readTopic(kafka, topic, ({ value }) => {
    values.push(String(value))
    return undefined
  })
  return values
}

const committedIn = async ({ kafka, topic, group }: KafkaRoom) =>
  (await withAdmin(kafka, (admin) => readLag(admin, group, [topic])))[0]?.committed

const ownerOf = ({ group }: KafkaRoom) => `${group}.owner`

async function open(room: KafkaRoom): Promise<TransactionalProducer> {
  const producer = new TransactionalProducer(room.kafka, ownerOf(room), takePart(room.group))
  await producer.init()
  return producer
}

/** Until what it committed can be seen. */
async function end(room: KafkaRoom, producer: TransactionalProducer): Promise<void> {
  await producer.close()
  await untilMarked(room.kafka, ownerOf(room))
}

test('records and offsets of a commit become visible together', async () => {
  const room = await createKafkaRoom()
  const { topic } = room
  const producer = await open(room)
  await producer.commit([aRecord(topic, 'one'), aRecord(topic, 'two')], [{ topic, partition: 0, offset: 7n }])
  await end(room, producer)
  expect(await valuesIn(room)).toEqual(['one', 'two'])
  expect(await committedIn(room)).toBe(7n)
})

test('a predecessor with the same id can commit nothing any more', async () => {
  const room = await createKafkaRoom()
  const { topic } = room
  const former = await open(room)
  const owner = await open(room)
  const late = former.commit([aRecord(topic, 'late')], [{ topic, partition: 0, offset: 1n }])
  await expect(late).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  await owner.commit([aRecord(topic, 'own')], [{ topic, partition: 0, offset: 2n }])
  await end(room, owner)
  expect(await valuesIn(room)).toEqual(['own'])
  expect(await committedIn(room)).toBe(2n)
})

test('a commit of which one record is refused publishes none of them', async () => {
  const room = await createKafkaRoom()
  const { topic } = room
  const producer = await open(room)
  const refused = producer.commit(
    [aRecord(topic, 'good'), aRecord('no/such topic', 'bad')],
    [{ topic, partition: 0, offset: 1n }],
  )
  await expect(refused).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  const successor = await open(room)
  await successor.commit([aRecord(topic, 'again')], [])
  await end(room, successor)
  expect(await valuesIn(room)).toEqual(['again'])
  expect(await committedIn(room)).toBe(null)
})

test('a commit of more megabytes than the broker takes in one batch goes through, in order', async () => {
  const room = await createKafkaRoom()
  const producer = await open(room)
  const values = Array.from({ length: 2_500 }, (_, index) => `${index} ${'x'.repeat(1_000)}`)
  await producer.commit(
    values.map((value) => aRecord(room.topic, value)),
    [],
  )
  await end(room, producer)
  expect(await valuesIn(room)).toEqual(values)
})

test('markers are written once more when nothing is published any more, and not of offsets alone', async () => {
  const room = await createKafkaRoom()
  const { kafka, topic, group } = room
  const producer = new TransactionalProducer(kafka, ownerOf(room), takePart(group, topic), { settledAfterMs: 500 })
  await producer.init()
  const end = () => withAdmin(kafka, async (admin) => Number((await admin.fetchTopicOffsets(topic))[0]?.high))
  // The markers of the takeover.
  await expect.poll(end).toBe(2)
  const to = (offset: bigint) => [{ topic, partition: 0, offset }]
  await producer.commit([aRecord(topic, 'one')], to(1n))
  await producer.commit([aRecord(topic, 'two')], to(2n))
  // Says nothing of the records.
  await producer.commit([], to(2n))
  // Two records, each with its marker, and those that are written again.
  await expect.poll(end).toBe(8)
  await producer.commit([], to(3n))
  await expect.poll(() => committedIn(room)).toBe(3n)
  await sleep(1_000)
  expect(await end()).toBe(8)
  await producer.commit([aRecord(topic, 'three')], to(4n))
  await producer.close()
  await sleep(1_000)
  expect(await end()).toBe(10)
})

test('a record for a partition that was added lately is not passed over in silence', async () => {
  const [room, other] = [await createKafkaRoom(), await createKafkaRoom()]
  const { kafka, topic } = room
  onTestFinished(() => void vi.useRealTimers())
  const producer = await open(room)
  await producer.commit([aRecord(topic, 'first')], [])
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 200_000 })
  // To another topic, for which KafkaJS reads all its metadata anew, and ours reads that topic's alone.
  await producer.commit([aRecord(other.topic, 'elsewhere')], [])
  await withAdmin(kafka, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 12 }] }))
  vi.setSystemTime(Date.now() + 150_000)
  const values = Array.from({ length: 24 }, (_, index) => `value ${index}`)
  const records = values.map((value, index) => ({ ...aRecord(topic, value), key: `key ${index}` }))
  const offsets = [{ topic, partition: 0, offset: 1n }]
  await expect(producer.commit(records, offsets)).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    message: expect.stringMatching(/partition \d+ of .* was added or deleted just now/),
  })
  const next = await open(room)
  expect(await committedIn(room)).toBe(null)
  await next.commit(records, offsets)
  await end(room, next)
  expect((await valuesIn(room)).toSorted()).toEqual(['first', ...values].toSorted())
})

/** A broker whose transactions refuse offsets with these codes, one after the other, before they take them. */
async function openRefusing(...refusals: number[]) {
  const codes: number[] = []
  const calls: string[] = []
  const note = (call: string) => async () => void calls.push(call)
  const sendOffsets = async () => {
    const code = codes.shift()
    calls.push(code === undefined ? 'offsets' : 'refused')
    if (code !== undefined) throw Object.assign(new Error('refused'), { code })
  }
  const transaction = async () => ({ sendOffsets, commit: note('commit'), abort: note('abort') })
  const connect = async () => undefined
  const stub = {
    admin: () => ({ connect, disconnect: connect, fetchOffsets: async () => [] }),
    producer: () => ({ connect, disconnect: note('disconnect'), transaction }),
  }
  const producer = new TransactionalProducer(stub as unknown as Kafka, 'owner', takePart('group'))
  await producer.init()
  calls.length = 0
  codes.push(...refusals)
  return { calls, commit: () => producer.commit([], [{ topic: 'a', partition: 0, offset: 1n }]) }
}

test.each([
  ['the coordinator is loading', 14],
  ['no coordinator is available', 15],
  ['the coordinator has moved', 16],
  ['the transaction before is still being ended', 51],
])('offsets are sent again while %s', async (_, code) => {
  const { calls, commit } = await openRefusing(code, code)
  await commit()
  expect(calls).toEqual(['refused', 'refused', 'offsets', 'commit'])
})

test('offsets that are refused for good are not sent again, and the transaction is given up', async () => {
  const invalidProducerEpoch = 47
  const { calls, commit } = await openRefusing(14, invalidProducerEpoch)
  await expect(commit()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  expect(calls).toEqual(['refused', 'refused', 'abort', 'disconnect'])
})

test('a broker that never answers keeps nobody from closing', async () => {
  const stub = { producer: () => ({ disconnect: () => new Promise(() => undefined) }) }
  await expect(
    new TransactionalProducer(stub as unknown as Kafka, 'owner', takePart('group')).close(),
  ).resolves.toBeUndefined()
})
