import { expect, onTestFinished, test } from 'vitest'
import { withAdmin } from '../../src/kafka/kafka-client.ts'
import { ownPartitions, type PartitionOwnership } from '../../src/kafka/partition-ownership.ts'
import { publishRecords } from '../../src/kafka/publish-records.ts'
import { aRecord, createKafkaRoom, type KafkaRoom } from '../stack/kafka-room.ts'

async function own(
  { kafka, group, topic }: KafkaRoom,
  partitions = [0],
  confirmed: () => Promise<void> = async () => undefined,
): Promise<PartitionOwnership> {
  const ownership = await ownPartitions(kafka, `${group}.owner`, {
    groupId: group,
    partitions: partitions.map((partition) => ({ topic, partition })),
    outputs: [topic],
    confirmed,
  })
  onTestFinished(() => ownership.close())
  return ownership
}

test('without a commit every record is to be done, and afterwards those behind it', async () => {
  const room = await createKafkaRoom(2)
  const { topic } = room
  const ownership = await own(room, [0, 1])
  const [first, second] = [0, 1].map((partition) => ({ topic, partition, offset: 0n }))
  expect(ownership.positions()).toEqual([first, second])
  expect(ownership.isPending({ topic, partition: 0, offset: 0n })).toBe(true)
  await ownership.commit([aRecord(topic, 'result')], [{ topic, partition: 0, offset: 3n }])
  const pending = [2n, 3n].map((offset) => ownership.isPending({ topic, partition: 0, offset }))
  expect(pending).toEqual([false, true])
  expect(ownership.isPending({ topic, partition: 1, offset: 0n })).toBe(true)
  expect(ownership.positions()).toEqual([{ topic, partition: 0, offset: 3n }, second])
})

test('who takes over goes on where the former owner stood, and shuts it out', async () => {
  const room = await createKafkaRoom()
  const { topic } = room
  await publishRecords(
    room.kafka,
    Array.from({ length: 8 }, () => aRecord(topic, 'record')),
  )
  const former = await own(room)
  await former.commit([], [{ topic, partition: 0, offset: 5n }])
  const owner = await own(room)
  expect(owner.positions()).toEqual([{ topic, partition: 0, offset: 5n }])
  const late = former.commit([aRecord(topic, 'late')], [{ topic, partition: 0, offset: 6n }])
  await expect(late).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  await owner.commit([], [{ topic, partition: 0, offset: 7n }])
  expect((await own(room)).positions()).toEqual([{ topic, partition: 0, offset: 7n }])
})

test('an offset beyond the end of the log is told, and not jumped from in silence', async () => {
  const room = await createKafkaRoom()
  const { topic } = room
  await (await own(room)).commit([], [{ topic, partition: 0, offset: 50n }])
  await expect(own(room)).rejects.toMatchObject({ code: 'TOPIC_WRONG', message: expect.stringContaining('at 50') })
})

test('a transaction that its producer left open is ended by whoever takes over', async () => {
  const room = await createKafkaRoom()
  const { kafka, group, topic } = room
  const crashed = kafka.producer({ transactionalId: `${group}.owner`, maxInFlightRequests: 1 })
  onTestFinished(() => crashed.disconnect())
  await crashed.connect()
  const open = await crashed.transaction()
  await open.send({ topic, messages: [{ value: 'half' }] })
  await open.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions: [{ partition: 0, offset: '1' }] }] })

  const ownership = await own(room)
  expect(ownership.positions()).toEqual([{ topic, partition: 0, offset: 0n }])
  await expect(open.commit()).rejects.toThrow()
})

test('nothing is published before the group has confirmed the member, nor when it never will', async () => {
  const room = await createKafkaRoom()
  const { topic } = room
  const confirmed = Promise.withResolvers<void>()
  const ownership = await own(room, [0], () => confirmed.promise)
  const commit = ownership.commit([aRecord(topic, 'early')], [{ topic, partition: 0, offset: 1n }])
  confirmed.reject(new Error('another has it'))
  await expect(commit).rejects.toThrow('another has it')
  expect((await own(room)).positions()).toEqual([{ topic, partition: 0, offset: 0n }])
})

test('where the beginning of a log was deleted, a group goes on behind it', async () => {
  const room = await createKafkaRoom()
  const { kafka, topic } = room
  await publishRecords(
    kafka,
    Array.from({ length: 8 }, () => aRecord(topic, 'record')),
  )
  await (await own(room)).commit([], [{ topic, partition: 0, offset: 2n }])
  await withAdmin(kafka, async (admin) => {
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] })
  })
  expect((await own(room)).positions()).toEqual([{ topic, partition: 0, offset: 5n }])
})
