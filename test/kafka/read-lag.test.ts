import { expect, test } from 'vitest'
import { withAdmin } from '../../src/kafka/kafka-client.ts'
import { findOldestTime, readLag } from '../../src/kafka/read-lag.ts'
import { TransactionalProducer } from '../../src/kafka/transactional-producer.ts'
import { createKafkaRoom, type KafkaRoom, takePart, untilMarked } from '../stack/kafka-room.ts'

const HOUR_MS = 3_600_000

/** Publishes records as if they had been written at these times; outside a transaction, so without a marker. */
async function publishAt({ kafka, topic }: KafkaRoom, ...times: number[]): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  const messages = times.map((time) => ({ value: 'x', partition: 0, timestamp: String(time) }))
  await producer.send({ topic, messages })
  await producer.disconnect()
}

async function commit({ kafka, topic, group }: KafkaRoom, offset: bigint): Promise<void> {
  const producer = new TransactionalProducer(kafka, `${group}.committer`, takePart(group))
  await producer.init()
  await producer.commit([], [{ topic, partition: 0, offset }])
  await producer.close()
  await untilMarked(kafka, `${group}.committer`)
}

const lagOf = ({ kafka, group, topic }: KafkaRoom) => withAdmin(kafka, (admin) => readLag(admin, group, [topic]))

test('a group that has committed nothing has the whole log before it, and one that has, the rest', async () => {
  const room = await createKafkaRoom(2)
  const { topic } = room
  await publishAt(room, Date.now(), Date.now(), Date.now())
  const lags = await lagOf(room)
  const [first, second] = lags.toSorted((a, b) => a.partition - b.partition)
  expect(first).toEqual({ topic, partition: 0, committed: null, next: 0n, end: 3n, lag: 3n })
  expect(second).toMatchObject({ partition: 1, lag: 0n })
  for (const [offset, lag] of [
    [2n, 1n],
    [3n, 0n],
  ] as const) {
    await commit(room, offset)
    const now = (await lagOf(room)).find(({ partition }) => partition === 0)
    expect(now).toMatchObject({ committed: offset, next: offset, lag })
  }
})

test('records that retention has deleted are nobody’s lag', async () => {
  const room = await createKafkaRoom()
  const { kafka, topic } = room
  await publishAt(room, Date.now(), Date.now(), Date.now())
  await commit(room, 1n)
  await withAdmin(kafka, async (admin) => {
    // KafkaJS deletes only from topics that it has asked about before.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
  })
  expect((await lagOf(room))[0]).toMatchObject({ committed: 1n, next: 2n, lag: 1n })
})

test('the oldest unfinished record tells its time to the second, whatever is known from before', async () => {
  const room = await createKafkaRoom()
  const { kafka, topic } = room
  const now = Date.now()
  const times = [240 * HOUR_MS, 2 * HOUR_MS, 2 * HOUR_MS - 500, HOUR_MS].map((age) => now - age)
  await publishAt(room, ...times)
  for (const [offset, time] of times.entries()) {
    const record = { topic, partition: 0, next: BigInt(offset) }
    for (const knownMs of [undefined, now - 240 * HOUR_MS, now - 2 * HOUR_MS - 60_000, now]) {
      const found = await withAdmin(kafka, (admin) => findOldestTime(admin, record, knownMs))
      expect(found).toBeLessThanOrEqual(time)
      expect(found).toBeGreaterThanOrEqual(time - 1_000)
    }
  }
})

test('a record dated in the future is as old as now', async () => {
  const room = await createKafkaRoom()
  await publishAt(room, Date.now() + HOUR_MS)
  const askedAt = Date.now()
  const record = { topic: room.topic, partition: 0, next: 0n }
  const oldestAt = await withAdmin(room.kafka, (admin) => findOldestTime(admin, record))
  expect(oldestAt).toBeGreaterThanOrEqual(askedAt - 1_000)
  expect(oldestAt).toBeLessThanOrEqual(Date.now())
})
