import net, { type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Admin } from '../../src/kafka/kafka-client.ts'
import { KeptAdmin } from '../../src/kafka/kept-admin.ts'
import { createKafkaRoom } from '../stack/kafka-room.ts'

test('questions share a connection until one fails, the next has another, and none is left behind', async () => {
  const { kafka, topic } = await createKafkaRoom()
  const connect = vi.spyOn(net, 'connect')
  onTestFinished(() => connect.mockRestore())
  const sockets = () => connect.mock.results.map(({ value }) => value as Socket)
  const admin = new KeptAdmin(kafka)
  const question = (asking: Admin) => asking.fetchTopicOffsets(topic)

  const first = await admin.ask(question)
  expect(await admin.ask(question)).toEqual(first)
  expect(sockets().length).toBe(1)

  await expect(admin.ask((asking) => asking.fetchTopicOffsets('no-such-topic'))).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
  })
  await expect.poll(() => sockets().map(({ destroyed }) => destroyed)).toEqual([true])

  expect(await admin.ask(question)).toEqual(first)
  expect(sockets().length).toBe(2)
  await admin.close()
  await expect.poll(() => sockets().map(({ destroyed }) => destroyed)).toEqual([true, true])
})
