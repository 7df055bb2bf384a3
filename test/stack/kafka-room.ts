import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { inject, onTestFinished } from 'vitest'
import type { OutgoingRecord } from '../../src/kafka/delivery.ts'
import { GroupConsumer } from '../../src/kafka/group-consumer.ts'
import type { GroupConsumerOptions } from '../../src/kafka/group-consumer-options.ts'
import { createKafka } from '../../src/kafka/kafka-client.ts'
import { createMissingTopics } from '../../src/kafka/topics.ts'
import { type TakenPart, TransactionalProducer } from '../../src/kafka/transactional-producer.ts'
import { createLogger, type Logger } from '../../src/log.ts'

export interface KafkaRoom {
  kafka: Kafka
  log: Logger
  /** A new topic of the test's own. */
  topic: string
  /** Name of a group, and the beginning of transactional ids, that nobody else uses. */
  group: string
  /** Publishes values to the topic in one transaction, and commits it. Resolves when they can be read. */
  publish(...values: string[]): Promise<void>
}

/** A new topic on the shared broker, for tests of what src/kafka makes of it. */
export async function createKafkaRoom(partitions = 1): Promise<KafkaRoom> {
  const topic = `room-${randomUUID().slice(0, 8)}`
  const log = createLogger('fatal')
  const kafka = createKafka(inject('kafkaBrokers').split(','), topic, log)
  await createMissingTopics(kafka, [{ topic, partitions, keepsForever: false, mustHaveOnePartition: false }])
  const group = `${topic}.group`
  return {
    kafka,
    log,
    topic,
    group,
    async publish(...values) {
      const producer = new TransactionalProducer(kafka, `${topic}.publisher`, takePart(group))
      await producer.init()
      await producer.commit(
        values.map((value) => aRecord(topic, value)),
        [],
      )
      await producer.close()
      await untilMarked(kafka, `${topic}.publisher`)
    },
  }
}

/** For a producer of a group that nobody contends for; its takeover writes markers into these topics alone. */
export function takePart(groupId: string, ...topics: string[]): TakenPart {
  return { groupId, topics, confirmed: async () => undefined }
}

/**
 * Until what an id has committed or given up last can be seen everywhere: its markers are written after that has been
 * answered, and a successor begins only behind them.
 */
export async function untilMarked(kafka: Kafka, transactionalId: string): Promise<void> {
  const successor = new TransactionalProducer(kafka, transactionalId, takePart(transactionalId))
  await successor.init()
  await successor.close()
}

/** Follows the topic from its beginning as a member of the group, without possession. @returns the values so far */
export function follow({ kafka, group, topic, log }: KafkaRoom, options: Partial<GroupConsumerOptions> = {}) {
  const values: string[] = []
  const consumer = new GroupConsumer({
    ...{ kafka, groupId: group, topics: [topic], maxBytesPerPartition: 65_536, log },
    own: async () => ({
      position: 0n,
      receive: async ({ deliveries }) => void values.push(...deliveries.map(({ value }) => String(value))),
      close: async () => undefined,
    }),
    ...options,
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  return { consumer, values }
}

export function aRecord(topic: string, value: string): OutgoingRecord {
  return { topic, key: 'key', value: Buffer.from(value) }
}

/** Publishes values in a transaction that is given up: nobody sees them, but they and their marker stand in the log. */
export async function publishAborted({ kafka, topic }: KafkaRoom, ...values: string[]): Promise<void> {
  const producer = kafka.producer({ transactionalId: `${topic}.aborter`, maxInFlightRequests: 1 })
  onTestFinished(() => producer.disconnect())
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: values.map((value) => ({ key: 'key', value })) })
  await transaction.abort()
  await untilMarked(kafka, `${topic}.aborter`)
}

const PRODUCE = 0

/** A client of the shared broker whose connections break whenever records are sent, until it is mended. */
export function createCutKafka() {
  let isCut = true
  const kafka = new Kafka({
    brokers: inject('kafkaBrokers').split(','),
    logLevel: logLevel.NOTHING,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    socketFactory({ host, port, onConnect }) {
      const socket = connect({ host, port }, onConnect)
      const write = socket.write.bind(socket)
      // A request begins with its size; then comes its kind.
      socket.write = ((bytes: Buffer, ...more: [BufferEncoding]) =>
        isCut && bytes.readInt16BE(4) === PRODUCE
          ? socket.destroy(new Error('cut'))
          : write(bytes, ...more)) as typeof socket.write
      return socket
    },
  })
  const producer = kafka.producer.bind(kafka)
  const begun = Promise.withResolvers<[Promise<unknown>]>()
  kafka.producer = (options) => {
    const made = producer(options)
    const sendBatch: typeof made.sendBatch = (batch) => {
      const sending = made.sendBatch(batch)
      // In a list, or whoever waits for the beginning would wait for the end.
      begun.resolve([sending])
      return sending
    }
    return { ...made, sendBatch }
  }
  return {
    kafka,
    /** Resolves once something is being sent, to that. */
    begun: begun.promise,
    mend() {
      isCut = false
    },
  }
}
