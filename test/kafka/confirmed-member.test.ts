import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { GroupConsumer } from '../../src/kafka/group-consumer.ts'
import { createKafka } from '../../src/kafka/kafka-client.ts'
import { createKafkaRoom } from '../stack/kafka-room.ts'

const HEARTBEAT = 12
/** Length, then the request's API key. */
const apiKeyOf = (piece: unknown) => (Buffer.isBuffer(piece) && piece.length > 6 ? piece.readInt16BE(4) : -1)

/** A member that is confirmed, and its heartbeats as they are sent. */
async function joinWatched() {
  const { group, topic, log } = await createKafkaRoom()
  const ownedAt: number[] = []
  const heartbeats: { socket: Socket; at: number }[] = []
  const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const socket = ssl ? connectTls({ host, port, ...ssl }, onConnect) : connect({ host, port }, onConnect)
    const { write } = socket
    socket.write = (...given: unknown[]) => {
      if (apiKeyOf(given[0]) === HEARTBEAT) heartbeats.push({ socket, at: Date.now() })
      return write.apply(socket, given as never)
    }
    return socket.setNoDelay(true)
  }
  const consumer = new GroupConsumer({
    kafka: createKafka(inject('kafkaBrokers').split(','), topic, log, { socketFactory } as object),
    ...{ groupId: group, topics: [topic], maxBytesPerPartition: 65_536, log },
    onAssigned: async () => undefined,
    async own() {
      ownedAt.push(Date.now())
      return { position: 0n, receive: async () => undefined, close: async () => undefined }
    },
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  await expect.poll(() => heartbeats.length).toBeGreaterThan(0)
  await expect.poll(() => consumer.isConfirmed).toBe(true)
  return { consumer, heartbeats, ownedAt, partition: { topic, partition: 0 } }
}

test('a wall clock that is put back by an hour stops no heartbeats', async () => {
  const { consumer, heartbeats } = await joinWatched()
  const { now } = Date
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000)
  onTestFinished(() => clock.mockRestore())
  const before = heartbeats.length
  await expect.poll(() => heartbeats.length).toBeGreaterThan(before + 1)
  expect(consumer.isConfirmed).toBe(true)
})

test('a heartbeat whose answer was read late confirms the member no longer than from its sending', async () => {
  const { consumer, heartbeats } = await joinWatched()
  const before = heartbeats.length
  await expect.poll(() => heartbeats.length, { interval: 1 }).toBeGreaterThan(before)
  // As a process that is stopped does not read.
  const { socket } = heartbeats.at(-1) as (typeof heartbeats)[number]
  socket.pause()
  // The last of them is not answered, as far as the member knows, and another is not sent before it is.
  await expect.poll(() => Date.now() - (heartbeats.at(-1)?.at ?? 0)).toBeGreaterThan(3_000)
  expect(consumer.isConfirmed).toBe(false)
  const answered = once(socket, 'data')
  socket.resume()
  await answered
  // KafkaJS works on what it has read.
  await new Promise(setImmediate)
  expect(consumer.isConfirmed, 'by the answer to a heartbeat of 3 s ago').toBe(false)
  await expect.poll(() => consumer.isConfirmed).toBe(true)
})

test('a partition that failed is taken over again only once the group has answered since', async () => {
  const { consumer, heartbeats, ownedAt, partition } = await joinWatched()
  await expect.poll(() => ownedAt.length).toBe(1)
  const before = heartbeats.length
  await expect.poll(() => heartbeats.length, { interval: 1 }).toBeGreaterThan(before)
  const { socket } = heartbeats.at(-1) as (typeof heartbeats)[number]
  // As of a coordinator that has died; what it has answered already is of before.
  socket.pause()
  consumer.ownAgain(partition, new Error('lost'))
  const failedAt = Date.now()
  // Longer than the pause before another try, and less than the session.
  await expect.poll(() => Date.now() - failedAt).toBeGreaterThan(2_500)
  expect(ownedAt.length).toBe(1)
  socket.resume()
  await expect.poll(() => ownedAt.length).toBe(2)
})
