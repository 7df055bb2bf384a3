import { expect, test } from 'vitest'
import { withAdmin } from '../../src/kafka/kafka-client.ts'
import { findTroubles } from '../../src/kafka/topic-health.ts'
import { createKafkaRoom } from '../stack/kafka-room.ts'

test('where the minimum of replicas in sync is greater than their number all of them do, as for the broker', async () => {
  const { kafka, topic } = await createKafkaRoom()
  const strict = `${topic}-strict`
  const configEntries = [{ name: 'min.insync.replicas', value: '2' }]
  await withAdmin(kafka, (admin) =>
    admin.createTopics({ topics: [{ topic: strict, numPartitions: 1, replicationFactor: 1, configEntries }] }),
  )
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: strict, acks: -1, messages: [{ value: 'taken' }] })
  await producer.disconnect()
  expect(await findTroubles(kafka, [topic, strict])).toEqual([])
})
