import { randomBytes } from 'node:crypto'
import type { Consumer, Kafka } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import type { TopicPartition } from '../../src/kafka/delivery.ts'
import { GroupConsumer } from '../../src/kafka/group-consumer.ts'
import type { DeliveredBatch, OwnedPartition } from '../../src/kafka/group-consumer-options.ts'
import { createKafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { ownPartition } from '../../src/kafka/partition-ownership.ts'
import { readLag } from '../../src/kafka/read-lag.ts'
import { readTopic } from '../../src/kafka/read-topic.ts'
import { createLogger } from '../../src/log.ts'
import { createKafkaRoom, type KafkaRoom, publishAborted } from '../stack/kafka-room.ts'

/** What is the same for every member here. */
const memberOf = ({ kafka, group, topic, log }: KafkaRoom) => ({
  ...{ kafka, groupId: group, topics: [topic], maxBytesPerPartition: 65_536, log },
})

/** A partition that is read from an offset, without any possession. */
const readFrom = (position: bigint, receive: (batch: DeliveredBatch) => Promise<void>): OwnedPartition => ({
  position,
  receive,
  close: async () => undefined,
})

/** Follows the room's topic as intake does: what a batch brings is committed before it returns. */
function follow(room: KafkaRoom) {
  const { kafka, group, topic } = room
  const values: string[] = []
  const consumer = new GroupConsumer({
    ...memberOf(room),
    async own(partition) {
      const marks = { takeOver: async () => undefined, leave: async () => undefined }
      const claim = {
        ...{ groupId: group, outputs: [topic], marks, confirmed: async () => undefined },
        ...{ onBroken: () => undefined, onDeleted: () => undefined },
      }
      const owned = await ownPartition(kafka, partition, claim)
      return {
        position: owned.position,
        async receive({ deliveries, nextOffset }) {
          const pending = deliveries.filter(({ offset }) => offset >= owned.position)
          values.push(...pending.map(({ value }) => String(value)))
          await owned.commit([], nextOffset)
        },
        close: () => owned.close(),
      }
    },
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  return { consumer, values }
}

const lagOf = async ({ kafka, group, topic }: KafkaRoom) =>
  Number((await withAdmin(kafka, (admin) => readLag(admin, group, [topic])))[0]?.lag)

test('a marker that comes in a fetch of its own leaves no lag behind', async () => {
  const room = await createKafkaRoom()
  await room.publish(...Array.from({ length: 100 }, () => randomBytes(1_000).toString('base64')))
  const { values } = follow(room)
  await expect.poll(() => values.length).toBe(100)
  await expect.poll(() => lagOf(room)).toBe(0)
})

test('records of a transaction that was given up are not delivered and leave no lag behind', async () => {
  const room = await createKafkaRoom()
  await room.publish('one', 'two')
  const { values } = follow(room)
  await expect.poll(() => values.length).toBe(2)
  await publishAborted(room, 'three', 'four')
  await expect.poll(() => lagOf(room)).toBe(0)
  expect(values).toEqual(['one', 'two'])
})

/** A member that notes what it is given and does with it what the test says. */
function join(room: KafkaRoom, receive: (batch: DeliveredBatch) => Promise<void>) {
  const assignments: TopicPartition[][] = []
  const consumer = new GroupConsumer({
    ...memberOf(room),
    onAssigned: async (assignment) => void assignments.push(assignment),
    own: async () => readFrom(0n, receive),
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  return { consumer, assignments }
}

const valuesOf = ({ deliveries }: DeliveredBatch) => deliveries.map(({ value }) => String(value))

test('a batch whose handler fails comes again after a pause, without a new join', async () => {
  const room = await createKafkaRoom()
  await room.publish('one')
  const seenAt: number[] = []
  const { assignments } = join(room, async (batch) => {
    if (batch.deliveries.length === 0) return
    expect(valuesOf(batch)).toEqual(['one'])
    if (seenAt.push(performance.now()) < 3) throw new Error('not now')
  })
  await expect.poll(() => seenAt.length).toBe(3)
  const [first = 0, second = 0, third = 0] = seenAt
  expect(second - first).toBeGreaterThan(1_000)
  expect(third - second).toBeGreaterThan(2_000)
  expect(assignments.length).toBe(1)
})

test('a stop aborts the batch in hand and waits for it', async () => {
  const room = await createKafkaRoom()
  await room.publish('one')
  const taken = Promise.withResolvers<void>()
  let isReturned = false
  const { consumer } = join(room, async ({ signal }) => {
    taken.resolve()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    isReturned = true
  })
  await taken.promise
  expect(consumer.isJoined).toBe(true)
  await consumer.stop()
  expect([isReturned, consumer.isJoined]).toEqual([true, false])
})

test('when a second member joins, both have partitions, and when it leaves, the first has all again', async () => {
  const room = await createKafkaRoom(2)
  const first = join(room, async () => undefined)
  await expect.poll(() => first.assignments.at(-1)?.length).toBe(2)
  const second = join(room, async () => undefined)
  await expect.poll(() => second.assignments.at(-1)?.length).toBe(1)
  await expect.poll(() => first.assignments.at(-1)?.length).toBe(1)
  await second.consumer.stop()
  await expect.poll(() => first.assignments.at(-1)?.length).toBe(2)
})

test('a member that had no topic to follow is given one once it lists them anew', async () => {
  const room = await createKafkaRoom()
  await room.publish('one')
  const assignments: TopicPartition[][] = []
  const seen: string[] = []
  let topics: string[] = []
  const consumer = new GroupConsumer({
    ...memberOf(room),
    topics: async () => topics,
    onAssigned: async (assignment) => void assignments.push(assignment),
    own: async () => readFrom(0n, async (batch) => void seen.push(...valuesOf(batch))),
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  await expect.poll(() => assignments).toEqual([[]])
  expect(consumer).toMatchObject({ isJoined: true, failure: null })
  topics = [room.topic]
  consumer.renew()
  await expect.poll(() => seen).toEqual(['one'])
  expect(consumer.failure).toBeNull()
})

test('a paused topic brings nothing until it is resumed', async () => {
  const room = await createKafkaRoom()
  await room.publish('one')
  const seen: string[] = []
  const { consumer } = join(room, async (batch) => {
    seen.push(...valuesOf(batch))
    consumer.pause({ topic: room.topic, partition: 0 })
  })
  await expect.poll(() => seen).toEqual(['one'])
  await room.publish('two')
  // Somebody else has found and read it by then.
  await readTopic(room.kafka, room.topic, ({ value }) => String(value) !== 'two')
  expect(seen).toEqual(['one'])
  consumer.resume({ topic: room.topic, partition: 0 })
  await expect.poll(() => seen).toEqual(['one', 'two'])
})

test('offsets of a transaction that was given up are nowhere taken for the position', async () => {
  const room = await createKafkaRoom()
  const { kafka, group, topic } = room
  await room.publish('one', 'two', 'three')
  const values: string[] = []
  const consumer = new GroupConsumer({
    ...memberOf(room),
    async own({ partition }) {
      // KafkaJS keeps what one of its producers sends for the group as committed, for its consumers too.
      const producer = kafka.producer({ transactionalId: `${group}.other`, maxInFlightRequests: 1 })
      await producer.connect()
      const transaction = await producer.transaction()
      const topics = [{ topic, partitions: [{ partition, offset: '2' }] }]
      await transaction.sendOffsets({ consumerGroupId: group, topics })
      await transaction.abort()
      await producer.disconnect()
      return readFrom(0n, async (batch) => void values.push(...valuesOf(batch)))
    },
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  await expect.poll(() => values).toEqual(['one', 'two', 'three'])
})

test('a topic that is resumed while the member starts again is no fault', () => {
  const log = createLogger('fatal')
  const consumer = new GroupConsumer({
    kafka: createKafka(['127.0.0.1:1'], 'nobody', log),
    ...{ groupId: 'group', topics: ['topic'], maxBytesPerPartition: 65_536, log },
    own: async () => readFrom(0n, async () => undefined),
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  expect(() => consumer.pause({ topic: 'topic', partition: 0 })).not.toThrow()
  expect(() => consumer.resume({ topic: 'topic', partition: 0 })).not.toThrow()
})

test('a partition that cannot be had is tried again, while the others are read and nobody joins anew', async () => {
  const room = await createKafkaRoom(2)
  await send(room, 0, 'one')
  await send(room, 1, 'two')
  const assignments: TopicPartition[][] = []
  const values: string[] = []
  const tries: number[] = []
  let isMended = false
  const consumer = new GroupConsumer({
    ...memberOf(room),
    onAssigned: async (assignment) => void assignments.push(assignment),
    async own({ partition }) {
      if (partition === 0 && tries.push(performance.now()) > 0 && !isMended) throw new Error('not this one')
      return readFrom(0n, async (batch) => void values.push(...valuesOf(batch)))
    },
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  await expect.poll(() => tries.length).toBe(3)
  expect(values).toEqual(['two'])
  expect(consumer).toMatchObject({ isJoined: true, failure: { message: 'Kafka: not this one' } })
  await send(room, 1, 'three')
  await expect.poll(() => values).toEqual(['two', 'three'])
  isMended = true
  await expect.poll(() => values).toEqual(['two', 'three', 'one'])
  expect(consumer.failure).toBeNull()
  expect(assignments.length).toBe(1)
})

test('a partition that fails once the consumer of KafkaJS has ended is paused no more', async () => {
  const room = await createKafkaRoom()
  let made: Consumer | undefined
  const owning = Promise.withResolvers<OwnedPartition>()
  const begun = Promise.withResolvers<void>()
  const kafka: Kafka = Object.create(room.kafka)
  kafka.consumer = (options) => {
    made = room.kafka.consumer(options)
    return made
  }
  const consumer = new GroupConsumer({
    ...memberOf(room),
    kafka,
    own() {
      begun.resolve()
      return owning.promise
    },
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  await begun.promise
  // As after a crash, before it says that it has crashed.
  await made?.stop()
  owning.reject(new Error('not this one'))
  // What nobody catches would fail the test.
  await new Promise(setImmediate)
  expect(consumer).toMatchObject({ isJoined: false, failure: null })
})

test('a member whose preparations fail joins anew, and takes nothing before what it had is closed', async () => {
  const room = await createKafkaRoom()
  const told: string[] = []
  const closing = Promise.withResolvers<void>()
  const consumer = new GroupConsumer({
    ...memberOf(room),
    async onAssigned() {
      if (told.push('assigned') === 1) throw new Error('not yet')
    },
    async own() {
      told.push('owned')
      return { ...readFrom(0n, async () => undefined), close: () => closing.promise }
    },
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  await expect.poll(() => told).toEqual(['assigned', 'assigned', 'owned'])
  consumer.restart(new Error('again'))
  await expect.poll(() => told).toEqual(['assigned', 'assigned', 'owned', 'assigned'])
  await expect.poll(() => consumer.isConfirmed).toBe(true)
  expect(told.length).toBe(4)
  closing.resolve()
  await expect.poll(() => told.at(-1)).toBe('owned')
})

async function send({ kafka, topic }: KafkaRoom, partition: number, value: string): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ partition, value }] })
  await producer.disconnect()
}
