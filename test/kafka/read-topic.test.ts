import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer, Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import { withAdmin } from '../../src/kafka/kafka-client.ts'
import { readTopic } from '../../src/kafka/read-topic.ts'
import { createKafkaRoom, type KafkaRoom, publishAborted } from '../stack/kafka-room.ts'

async function read({ kafka, topic }: KafkaRoom, stopAt?: string): Promise<string[]> {
  const values: string[] = []
  await readTopic(kafka, topic, ({ value }) => {
    values.push(String(value))
    return String(value) !== stopAt
  })
  return values
}

test('an empty topic is read at once', async () => {
  expect(await read(await createKafkaRoom(3))).toEqual([])
})

test('everything that was committed is read from the beginning, also when it ends in what was given up', async () => {
  const room = await createKafkaRoom()
  await room.publish('one', 'two')
  await room.publish('three')
  await publishAborted(room, 'never')
  expect(await read(room)).toEqual(['one', 'two', 'three'])
})

test('a topic of nothing but given-up records is read to its end', async () => {
  const room = await createKafkaRoom()
  await publishAborted(room, 'never', 'ever')
  expect(await read(room)).toEqual([])
})

test('who reads may stop early, and is shown nothing more, of other partitions neither', async () => {
  const room = await createKafkaRoom(2)
  const producer = room.kafka.producer()
  await producer.connect()
  const messages = [0, 1].flatMap((partition) => ['one', 'two'].map((value) => ({ partition, value })))
  await producer.send({ topic: room.topic, messages })
  await producer.disconnect()
  expect(await read(room, 'one')).toEqual(['one'])
})

test('reading leaves no group behind', async () => {
  const room = await createKafkaRoom()
  await room.publish('one')
  await read(room)
  const { groups } = await withAdmin(room.kafka, (admin) => admin.listGroups())
  // The room may have other groups, of members that live.
  const left = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(room.topic))
  const described = await withAdmin(room.kafka, (admin) => admin.describeGroups(left))
  expect(described.groups.filter(({ state }) => state === 'Empty')).toEqual([])
})

test('an error of who reads ends the reading with that error, at the first record it is thrown for', async () => {
  const room = await createKafkaRoom()
  await room.publish('one', 'two')
  const seen: string[] = []
  const reading = readTopic(room.kafka, room.topic, ({ value }) => {
    seen.push(String(value))
    throw new Error('this record is not for me')
  })
  await expect(reading).rejects.toThrow('this record is not for me')
  expect(seen).toEqual(['one'])
})

/** The room's Kafka, with something else about its consumers. */
function withConsumers({ kafka }: KafkaRoom, change: (real: Consumer) => Partial<Consumer>): Kafka {
  const consumer = (options: Parameters<Kafka['consumer']>[0]) => {
    const real = kafka.consumer(options)
    return Object.assign(Object.create(real), change(real))
  }
  return new Proxy(kafka, { get: (it, name) => (name === 'consumer' ? consumer : Reflect.get(it, name)) })
}

test('a consumer of KafkaJS that hangs keeps nobody waiting', async () => {
  const room = await createKafkaRoom()
  await room.publish('one')
  const hanging = withConsumers(room, () => ({ connect: () => new Promise<never>(() => undefined) }))
  const reading = readTopic(hanging, room.topic, () => undefined, new Map(), 1_000)
  await expect(reading).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    message: expect.stringContaining('no word'),
  })
})

test('whoever looks at a record may take longer than Kafka may be silent', async () => {
  const room = await createKafkaRoom()
  await room.publish('one', 'two')
  const values: string[] = []
  const look = async ({ value }: { value: Buffer | null }) => {
    await delay(1_500)
    values.push(String(value))
    return true
  }
  await readTopic(room.kafka, room.topic, look, new Map(), 1_000)
  expect(values).toEqual(['one', 'two'])
})

test('a consumer that was given up in its beginning does not go on behind its end', async () => {
  const room = await createKafkaRoom()
  await room.publish('one')
  const calls: string[] = []
  const slow = withConsumers(room, (real) => ({
    connect: async () => {
      await delay(1_500)
      await real.connect()
    },
    run: async (options) => {
      calls.push('run')
      await real.run(options)
    },
    disconnect: async () => {
      calls.push('disconnect')
      await real.disconnect()
    },
  }))
  const reading = readTopic(slow, room.topic, () => undefined, new Map(), 1_000)
  await expect(reading).rejects.toMatchObject({ message: expect.stringContaining('no word') })
  await expect.poll(() => calls).toEqual(['run', 'disconnect'])
})
