import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import type { TopicPartition } from '../../src/kafka/delivery.ts'
import { type DeliveredBatch, GroupConsumer } from '../../src/kafka/group-consumer.ts'
import { ownPartitions, type PartitionOwnership } from '../../src/kafka/partition-ownership.ts'
import { readLag } from '../../src/kafka/read-lag.ts'
import { createKafkaRoom, type KafkaRoom, publishAborted } from '../stack/kafka-room.ts'

/** Follows the room's topic as intake does: what a batch brings is committed before it returns. */
function follow({ kafka, group, topic, log }: KafkaRoom) {
  const values: string[] = []
  let owned: PartitionOwnership | undefined
  const consumer = new GroupConsumer({
    kafka,
    groupId: group,
    topics: [topic],
    maxBytesPerPartition: 65_536,
    log,
    async onAssigned(assignment: TopicPartition[]) {
      owned = await ownPartitions(kafka, group, `${group}.owner`, assignment)
    },
    async onBatch({ deliveries, partition, nextOffset }: DeliveredBatch) {
      const pending = deliveries.filter((delivery) => owned?.isPending(delivery))
      values.push(...pending.map(({ value }) => String(value)))
      await owned?.commit([], [{ topic, partition, offset: nextOffset }])
    },
  })
  onTestFinished(async () => {
    await consumer.stop()
    await owned?.close()
  })
  return { consumer, values }
}

const lagOf = async ({ kafka, group, topic }: KafkaRoom) => Number((await readLag(kafka, group, [topic]))[0]?.lag)

test('a marker that comes in a fetch of its own leaves no lag behind', async () => {
  const room = await createKafkaRoom()
  await room.publish(...Array.from({ length: 100 }, () => randomBytes(1_000).toString('base64')))
  const { values } = follow(room)
  await expect.poll(() => values.length, { timeout: 20_000 }).toBe(100)
  await expect.poll(() => lagOf(room), { timeout: 5_000 }).toBe(0)
})

test('records of a transaction that was given up are not delivered and leave no lag behind', async () => {
  const room = await createKafkaRoom()
  await room.publish('one', 'two')
  const { values } = follow(room)
  await expect.poll(() => values.length, { timeout: 20_000 }).toBe(2)
  await publishAborted(room, 'three', 'four')
  await expect.poll(() => lagOf(room), { timeout: 5_000 }).toBe(0)
  expect(values).toEqual(['one', 'two'])
})
