import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { GroupConsumer } from '../../src/kafka/group-consumer.ts'
import type { OwnedPartition } from '../../src/kafka/group-consumer-options.ts'
import { createKafka } from '../../src/kafka/kafka-client.ts'
import { createKafkaRoom } from '../stack/kafka-room.ts'

const HEARTBEAT = 12
/** Length, then the request's API key. */
const apiKeyOf = (piece: unknown) => (Buffer.isBuffer(piece) && piece.length > 6 ? piece.readInt16BE(4) : -1)

/** A client, and the heartbeats of its members as they are sent. */
async function watchHeartbeats() {
  const room = await createKafkaRoom()
  const heartbeats: { socket: Socket; at: number }[] = []
  let held: PromiseWithResolvers<Socket> | undefined
  const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const socket = ssl ? connectTls({ host, port, ...ssl }, onConnect) : connect({ host, port }, onConnect)
    const { write } = socket
    socket.write = (...given: unknown[]) => {
      if (apiKeyOf(given[0]) === HEARTBEAT) {
        heartbeats.push({ socket, at: Date.now() })
        if (held !== undefined) socket.pause()
        held?.resolve(socket)
        held = undefined
      }
      return write.apply(socket, given as never)
    }
    return socket.setNoDelay(true)
  }
  const kafka = createKafka(inject('kafkaBrokers').split(','), room.topic, room.log, { socketFactory } as object)
  /** Resolves once another one has been sent, whose answer is not read. */
  const holdNext = () => {
    held = Promise.withResolvers()
    return held.promise
  }
  return { kafka, room, heartbeats, holdNext }
}

/** A member that is confirmed. */
async function joinWatched() {
  const { kafka, room, heartbeats, holdNext } = await watchHeartbeats()
  const { group, topic, log } = room
  const ownedAt: number[] = []
  let fail: (error: unknown) => void = () => undefined
  const consumer = new GroupConsumer({
    ...{ kafka, groupId: group, topics: [topic], maxBytesPerPartition: 65_536, log },
    async own(_partition, _signal, failed) {
      fail = failed
      ownedAt.push(Date.now())
      return { position: 0n, receive: async () => undefined, close: async () => undefined }
    },
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  await expect.poll(() => heartbeats.length).toBeGreaterThan(0)
  await expect.poll(() => consumer.isConfirmed).toBe(true)
  return { consumer, heartbeats, holdNext, ownedAt, fail: (error: unknown) => fail(error) }
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
  const { holdNext, ownedAt, fail } = await joinWatched()
  await expect.poll(() => ownedAt.length).toBe(1)
  // As of a coordinator that has died.
  const socket = await holdNext()
  fail(new Error('lost'))
  const failedAt = Date.now()
  // Longer than the pause before another try, and less than the session.
  await expect.poll(() => Date.now() - failedAt).toBeGreaterThan(2_500)
  expect(ownedAt.length).toBe(1)
  socket.resume()
  await expect.poll(() => ownedAt.length).toBe(2)
})

test.each([
  ['is done', undefined],
  ['has failed', new Error('not committed')],
])(
  'a connection that breaks under a heartbeat as a batch %s leaves no member that does nothing',
  async (_, failure) => {
    const { kafka, room, holdNext } = await watchHeartbeats()
    const { group, topic, log } = room
    await room.publish('one')
    let isCut = false
    let possessions = 0
    const consumer = new GroupConsumer({
      ...{ kafka, groupId: group, topics: [topic], maxBytesPerPartition: 65_536, log },
      async own() {
        possessions += 1
        return { position: 0n, receive, close: async () => undefined }
      },
    })
    const receive: OwnedPartition['receive'] = async ({ deliveries }) => {
      if (isCut || deliveries.length === 0) return
      const socket = await holdNext()
      isCut = true
      // Still on its way when the batch returns.
      setTimeout(() => socket.destroy(new Error('cut')), 20)
      if (failure) throw failure
    }
    consumer.start()
    onTestFinished(() => consumer.stop())
    await expect.poll(() => isCut).toBe(true)
    await expect.poll(() => possessions).toBeGreaterThan(1)
    await expect.poll(() => consumer.isConfirmed).toBe(true)
    expect(consumer.failure).toBeNull()
  },
)
