import { expect, onTestFinished, test } from 'vitest'
import { withAdmin } from '../../src/kafka/kafka-client.ts'
import { ownPartition, type PartitionClaim, type PartitionOwnership } from '../../src/kafka/partition-ownership.ts'
import { publishRecords } from '../../src/kafka/publish-records.ts'
import { aRecord, createKafkaRoom, type KafkaRoom } from '../stack/kafka-room.ts'

async function own(
  { kafka, group, topic }: KafkaRoom,
  claim: Partial<PartitionClaim> = {},
): Promise<PartitionOwnership> {
  const ownership = await ownPartition(
    kafka,
    { topic, partition: 0 },
    {
      ...{ groupId: group, outputs: [topic], confirmed: async () => undefined, onBroken: () => undefined },
      onDeleted: () => undefined,
      marks: { takeOver: async () => undefined, leave: async () => undefined },
      ...claim,
    },
  )
  onTestFinished(() => ownership.close())
  return ownership
}

test('without a commit every record is to be done, and afterwards those behind it', async () => {
  const room = await createKafkaRoom()
  const ownership = await own(room)
  expect(ownership.position).toBe(0n)
  await ownership.commit([aRecord(room.topic, 'result')], 3n)
  expect(ownership.position).toBe(3n)
})

test('who takes over goes on where the former owner stood, and shuts it out', async () => {
  const room = await createKafkaRoom()
  const { topic } = room
  await publishRecords(
    room.kafka,
    Array.from({ length: 8 }, () => aRecord(topic, 'record')),
  )
  const former = await own(room)
  await former.commit([], 5n)
  const owner = await own(room)
  expect(owner.position).toBe(5n)
  const late = former.commit([aRecord(topic, 'late')], 6n)
  await expect(late).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  await owner.commit([], 7n)
  expect((await own(room)).position).toBe(7n)
})

test('an offset beyond the end of the log is told, and not jumped from in silence', async () => {
  const room = await createKafkaRoom()
  await (await own(room)).commit([], 50n)
  await expect(own(room)).rejects.toMatchObject({ code: 'TOPIC_WRONG', message: expect.stringContaining('at 50') })
})

test('a partition that is held is tried again without a marker, and had once its offset is right', async () => {
  const room = await createKafkaRoom()
  const { kafka, group, topic } = room
  await (await own(room)).commit([], 50n)
  const logEnd = () => withAdmin(kafka, async (admin) => (await admin.fetchTopicOffsets(topic))[0]?.high)
  const before = await logEnd()
  await expect(own(room, { isHeld: true })).rejects.toMatchObject({ code: 'TOPIC_WRONG' })
  expect(await logEnd()).toBe(before)
  await withAdmin(kafka, (admin) => admin.deleteGroups([group]))
  expect((await own(room, { isHeld: true })).position).toBe(0n)
})

test('a transaction that its producer left open is ended by whoever takes over', async () => {
  const room = await createKafkaRoom()
  const { kafka, group, topic } = room
  const crashed = kafka.producer({ transactionalId: `${group}.${topic}.0`, maxInFlightRequests: 1 })
  onTestFinished(() => crashed.disconnect())
  await crashed.connect()
  const open = await crashed.transaction()
  await open.send({ topic, messages: [{ value: 'half' }] })
  await open.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions: [{ partition: 0, offset: '1' }] }] })

  const ownership = await own(room)
  expect(ownership.position).toBe(0n)
  await expect(open.commit()).rejects.toThrow()
})

test('nothing is published before the group has confirmed the member, nor when it never will', async () => {
  const room = await createKafkaRoom()
  const { topic } = room
  const confirmed = Promise.withResolvers<void>()
  let asked = Promise.resolve()
  const ownership = await own(room, { confirmed: () => asked })
  asked = confirmed.promise
  const commit = ownership.commit([aRecord(topic, 'early')], 1n)
  confirmed.reject(new Error('another has it'))
  await expect(commit).rejects.toThrow('another has it')
  expect((await own(room)).position).toBe(0n)
})

test('who is no member any more by the time that Kafka answers takes nothing over, and shuts nobody out', async () => {
  const room = await createKafkaRoom()
  const owner = await own(room)
  const late = own(room, { confirmed: () => Promise.reject(new Error('another has it')) })
  await expect(late).rejects.toMatchObject({ message: expect.stringContaining('another has it') })
  await owner.commit([aRecord(room.topic, 'result')], 1n)
  expect((await own(room)).position).toBe(1n)
})

test('where the beginning of a log was deleted, a group goes on behind it and says so', async () => {
  const room = await createKafkaRoom()
  const { kafka, topic } = room
  await publishRecords(
    kafka,
    Array.from({ length: 8 }, () => aRecord(topic, 'record')),
  )
  await (await own(room)).commit([], 2n)
  await withAdmin(kafka, async (admin) => {
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] })
  })
  const deleted: unknown[] = []
  const onDeleted = (...what: unknown[]) => void deleted.push(what)
  const taken = await own(room, { onDeleted })
  expect([taken.position, deleted]).toEqual([5n, [[{ topic, partition: 0 }, 2n, 5n]]])
  await taken.commit([], 6n)
  await own(room, { onDeleted })
  expect(deleted).toHaveLength(1)
})
