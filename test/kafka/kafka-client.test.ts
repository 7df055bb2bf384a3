import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, inject, onTestFinished, test } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import { createKafka, type Kafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { kafkaError } from '../../src/kafka/kafka-error.ts'
import { createLogger, type Logger } from '../../src/log.ts'
import { hideSecret } from '../../src/redact.ts'
import { findFreePort } from '../stack/free-port.ts'
import { createKafkaRoom } from '../stack/kafka-room.ts'
import { createTcpProxy } from '../stack/tcp-proxy.ts'

test('without a broker a question ends within seconds and says which address did not answer', async () => {
  const broker = `127.0.0.1:${await findFreePort()}`
  const kafka = createKafka([broker], 'test', createLogger('fatal'))
  const askedAt = Date.now()
  await expect(withAdmin(kafka, (admin) => admin.listTopics())).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    message: expect.stringContaining(broker),
  })
  expect(Date.now() - askedAt).toBeLessThan(10_000)
})

test('an error of ours passes through as it is, any other is Kafka’s', async () => {
  const ours = new EnrichmentError('TOPIC_WRONG', 'ours')
  expect(kafkaError(ours)).toBe(ours)
  expect(kafkaError('broken')).toMatchObject({ code: 'KAFKA_UNAVAILABLE', message: 'Kafka: broken' })
  const { kafka } = await createKafkaRoom()
  await expect(withAdmin(kafka, () => Promise.reject(ours))).rejects.toBe(ours)
})

test('a broker that takes connections and answers nothing costs five seconds, and the next client none', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => sockets.push(socket.on('error', () => undefined).resume()))
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as AddressInfo
  const kafka = createKafka([`127.0.0.1:${port}`, inject('kafkaBrokers')], 'test', createLogger('fatal'))
  await withAdmin(kafka, (admin) => admin.listTopics())
  expect(sockets.length).toBe(1)
  await withAdmin(kafka, (admin) => admin.listTopics())
  expect(sockets.length).toBe(1)
})

test('a connection that never ends keeps nobody from the answer', async () => {
  const admin = { connect: async () => undefined, disconnect: () => new Promise<never>(() => undefined) }
  const kafka = { admin: () => admin } as unknown as Kafka
  expect(await withAdmin(kafka, async () => 'answer')).toBe('answer')
})

test('a broker is found at an address of IPv6, and named by it when it is gone', async () => {
  const door = await createTcpProxy(inject('kafkaBrokers'), '::1')
  await door.open()
  onTestFinished(door.close)
  const kafka = createKafka([`[::1]:${door.port}`], 'test', createLogger('fatal'))
  await withAdmin(kafka, (admin) => admin.listTopics())
  await door.close()
  await expect(withAdmin(kafka, (admin) => admin.listTopics())).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    message: expect.stringContaining(`::1:${door.port}`),
  })
})

test('what KafkaJS logs by itself tells no secret, wherever it stands', () => {
  const lines: unknown[] = []
  const noted = { child: () => ({ debug: (fields: object, line: string) => lines.push({ ...fields, line }) }) }
  const library = createKafka(['127.0.0.1:9'], 'test', noted as unknown as Logger).logger()
  hideSecret('planted-secret')
  const error = new Error('the broker says planted-secret')
  library.error(error.message, {
    error: error.message,
    stack: error.stack,
    retryCount: 1,
    more: [{ text: 'planted-secret' }],
  })
  library.warn(error as unknown as string)
  expect(JSON.stringify(lines)).not.toContain('planted')
  expect(lines).toMatchObject([
    {
      line: 'the broker says (hidden)',
      error: 'the broker says (hidden)',
      retryCount: 1,
      more: [{ text: '(hidden)' }],
    },
    { line: 'Error: the broker says (hidden)' },
  ])
})
