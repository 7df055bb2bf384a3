import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer, connect as openSocket, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { calmRequestQueue } from '../../../src/kafka/patches/calm-request-queue.ts'
import { makeConnectionsSound } from '../../../src/kafka/patches/sound-connections.ts'

interface Connection {
  socket: Socket
  isConnected(): boolean
  connect(): Promise<true>
  disconnect(): Promise<true>
  send(call: object): Promise<string>
  sendAuthRequest(call: object): Promise<unknown>
}

const require = createRequire(import.meta.url)
const KafkaConnection = require('kafkajs/src/network/connection') as new (options: object) => Connection
const Encoder = require('kafkajs/src/protocol/encoder') as new () => object

calmRequestQueue()
makeConnectionsSound()

const REQUEST_TIMEOUT_MS = 1_500
/** A late request is found out within a second, and a busy machine needs some. */
const WITHIN_MS = 4_000
const PREFIX_BYTES = 8

type Answer = (socket: Socket, correlationId: number) => void

/** A broker that does with each request as told, and a connection to it. */
async function serve(answer: Answer) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    let read = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      read = Buffer.concat([read, bytes])
      while (read.length >= 4 && read.length >= 4 + read.readInt32BE(0)) {
        const request = read.subarray(4, 4 + read.readInt32BE(0))
        read = read.subarray(4 + request.length)
        // Length, key, version, correlation id.
        answer(socket, request.readInt32BE(4))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const logger = { namespace: () => logger, debug() {}, info() {}, warn() {}, error() {} }
  const { port } = server.address() as AddressInfo
  const connection = new KafkaConnection({
    ...{ host: '127.0.0.1', port, logger, requestTimeout: REQUEST_TIMEOUT_MS, connectionTimeout: 1_000 },
    socketFactory: ({ host, port, onConnect }: { host: string; port: number; onConnect(): void }) =>
      openSocket({ host, port }, onConnect),
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { connection, sockets }
}

/** Answers with a text. */
const reply = (socket: Socket, correlationId: number, text: string, isWhole = true) => {
  const bytes = Buffer.alloc(PREFIX_BYTES + text.length)
  bytes.writeInt32BE(4 + text.length, 0)
  bytes.writeInt32BE(correlationId, 4)
  bytes.write(text, PREFIX_BYTES)
  socket.write(isWhole ? bytes : bytes.subarray(0, -1))
}

const ask = (requestTimeout?: number) => ({
  request: { apiKey: 3, apiVersion: 0, apiName: 'Metadata', encode: async () => new Encoder() },
  response: { decode: async (bytes: Buffer) => bytes.toString(), parse: async (text: string) => text },
  ...(requestTimeout !== undefined && { requestTimeout }),
})

/** What became of a promise in time. */
const outcome = (promise: Promise<unknown>) =>
  Promise.race([
    promise.then(String, (error: Error) => error.name),
    new Promise((resolve) => setTimeout(resolve, WITHIN_MS, 'nothing').unref()),
  ])

test('a connection on which the oldest request is late is closed, and what else waits there fails with it', async () => {
  const { connection } = await serve(() => undefined)
  await connection.connect()
  const oldest = outcome(connection.send(ask()))
  const patient = outcome(connection.send(ask(60_000)))
  expect(await oldest).toBe('KafkaJSConnectionError')
  expect(await patient).toBe('KafkaJSConnectionError')
  expect(connection.isConnected()).toBe(false)
})

test('one that is late behind an older one that has time fails alone', async () => {
  const waiting: [Socket, number][] = []
  const { connection } = await serve((...request) => waiting.push(request))
  await connection.connect()
  const oldest = outcome(connection.send(ask(60_000)))
  const hasty = outcome(connection.send(ask()))
  expect(await hasty).toBe('KafkaJSRequestTimeoutError')
  expect(connection.isConnected()).toBe(true)
  for (const [socket, correlationId] of waiting) reply(socket, correlationId, 'joined')
  expect(await oldest).toBe('joined')
})

test('what is asked while a connection is being closed ends, as what it waits for', async () => {
  const asked = Promise.withResolvers<void>()
  const { connection } = await serve(() => asked.resolve())
  await connection.connect()
  const pending = outcome(connection.send(ask()))
  await asked.promise
  const closing = connection.disconnect()
  const meanwhile = outcome(connection.send(ask(60_000)))
  expect(await pending).toBe('KafkaJSConnectionError')
  expect(await meanwhile).toBe('KafkaJSConnectionError')
  await closing
})

test('what is asked of a connection whose socket has gone fails at once', async () => {
  const { connection } = await serve(() => undefined)
  await connection.connect()
  connection.socket.destroy()
  expect(await outcome(connection.send(ask()))).toBe('KafkaJSConnectionError')
})

test('half an answer of a former connection is not read as the beginning of the next one', async () => {
  let isWhole = false
  const { connection } = await serve((socket, correlationId) => {
    reply(socket, correlationId, 'answer', isWhole)
    if (!isWhole) socket.end()
  })
  await connection.connect()
  expect(await outcome(connection.send(ask()))).toBe('KafkaJSConnectionClosedError')
  await expect.poll(() => connection.isConnected()).toBe(false)
  isWhole = true
  await connection.connect()
  expect(await outcome(connection.send(ask()))).toBe('answer')
})

test('who asks while it connects gets the same connection', async () => {
  const { connection, sockets } = await serve((socket, correlationId) => reply(socket, correlationId, 'answer'))
  await Promise.all([connection.connect(), connection.connect()])
  expect(await outcome(connection.send(ask()))).toBe('answer')
  expect(sockets.length).toBe(1)
})

test('authentication that nobody answers fails, as does one whose socket fails', async () => {
  const { connection, sockets } = await serve(() => undefined)
  const request = { encode: async () => Buffer.from([0, 0, 0, 8, 0, 17, 0, 1, 0, 0, 0, 1]) }
  for (const end of [() => undefined, () => sockets.at(-1)?.resetAndDestroy()]) {
    await connection.connect()
    const answer = outcome(connection.sendAuthRequest({ request, response: ask().response }))
    end()
    expect(await answer).toBe('KafkaJSConnectionError')
    await expect.poll(() => connection.isConnected()).toBe(false)
  }
})
