import { expect, test } from 'vitest'
import { withAdmin } from '../../src/kafka/kafka-client.ts'
import { readTopicId } from '../../src/kafka/read-topic-id.ts'
import { createKafkaRoom } from '../stack/kafka-room.ts'

test('a topic that is made anew has another id, and partitions that are added change none', async () => {
  const { kafka, topic } = await createKafkaRoom()
  const id = await readTopicId(kafka, topic)
  expect(id).toMatch(/^[0-9a-f]{32}$/)
  await withAdmin(kafka, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }))
  expect(await readTopicId(kafka, topic)).toBe(id)

  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }))
  await expect(readTopicId(kafka, topic)).rejects.toMatchObject({ message: expect.stringContaining(topic) })
  await withAdmin(kafka, (admin) => admin.createTopics({ topics: [{ topic }] }))
  const another = await readTopicId(kafka, topic)
  expect(another).toMatch(/^[0-9a-f]{32}$/)
  expect(another).not.toBe(id)
})
