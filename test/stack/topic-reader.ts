import { randomUUID } from 'node:crypto'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { type Consumer, type IHeaders, Kafka, logLevel } from 'kafkajs'
import { applyPatches } from '../../src/kafka/patches/apply-patches.ts'
import { keepRunning, SHORT_SESSION } from './keep-running.ts'

// Against KafkaJS's timer noise in the processes that read, and against what it shows of given-up transactions; and now, since
// one that has fetched takes no patch any more. The reading itself uses nothing of the service.
applyPatches()

export interface ReadRecord {
  partition: number
  offset: string
  key: string | null
  value: Buffer | null
  headers: Record<string, string>
  /** As KafkaJS has them: repeated ones as arrays, null where a header has no value. */
  rawHeaders: IHeaders
  /** The record's own time, milliseconds since 1970. */
  timestamp: number
  /** When it was read, milliseconds since 1970. */
  readAt: number
  /** The decoded Avro value; undefined where the value is no Avro (a dead letter may be anything) or was refused. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every type
  event: any
}

/**
 * Reads a topic from its beginning with read_committed, as somebody downstream would, in a group of its own.
 */
export class TopicReader {
  readonly records: ReadRecord[] = []
  readonly #kafka: Kafka
  readonly #consumer: Consumer
  readonly #topic: string
  #stop: () => Promise<void> = async () => undefined
  readonly #waiting = new Set<() => void>()
  /** Next offset to be read, by partition. */
  readonly #positions = new Map<number, bigint>()

  private constructor(env: Record<string, string>, topic: string) {
    this.#kafka = new Kafka({ brokers: (env.KAFKA_BROKERS ?? '').split(','), logLevel: logLevel.NOTHING })
    // How long an empty fetch waits, not a record: a broker answers as soon as there is one. Asked for ten times a second, empty
    // ones were a tenth of the work of runners and brokers.
    this.#consumer = this.#kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 500, ...SHORT_SESSION })
    this.#topic = topic
  }

  /** @param isAvro whether its values are decoded */
  static async open(env: Record<string, string>, topic: string, isAvro = true): Promise<TopicReader> {
    const reader = new TopicReader(env, topic)
    const registry = new SchemaRegistry({ host: env.SCHEMA_REGISTRY_URL ?? '' })
    const consumer = reader.#consumer
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    reader.#stop = await keepRunning(consumer, {
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const readAt = Date.now()
        for (const { offset, key, value, headers = {}, timestamp } of batch.messages) {
          // A reader that joins anew is given again what it has read: that is one record, not two.
          if (BigInt(offset) < (reader.#positions.get(batch.partition) ?? 0n)) continue
          // Such may be made to kill whoever decodes it.
          const isGivenUp = /^RECORD_/.test(String(headers['enricher-error-code']))
          const isLeft = value === null || isGivenUp || !isAvro
          const event = isLeft ? undefined : await registry.decode(value).catch(() => undefined)
          const texts = Object.entries(headers).map(([name, header]) => [name, String(header)])
          const { partition } = batch
          reader.records.push({
            partition,
            offset,
            key: key?.toString() ?? null,
            value,
            headers: Object.fromEntries(texts),
            rawHeaders: headers,
            timestamp: Number(timestamp),
            readAt,
            event,
          })
        }
        reader.#positions.set(batch.partition, BigInt(batch.lastOffset()) + 1n)
        for (const look of reader.#waiting) look()
      },
    })
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      reader.#positions.set(payload.partition, BigInt(payload.lastOffset) + 1n)
      for (const look of reader.#waiting) look()
    })
    return reader
  }

  /** Resolves once the condition is true of what was read. */
  async waitFor(condition: (records: ReadRecord[]) => boolean, what: string, timeoutMs = 90_000): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = () => {
      if (condition(this.records)) resolve()
    }
    const timer = setTimeout(() => {
      const seen = this.records.map(({ key, headers }) => `${key} ${headers['enricher-error-code'] ?? ''}`).join(', ')
      reject(new Error(`${what}: not seen on ${this.#topic} within ${timeoutMs} ms; there: ${seen || 'nothing'}`))
    }, timeoutMs)
    this.#waiting.add(look)
    look()
    await promise.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(look)
    })
  }

  /** Resolves once everything that is in the topic now has been read. */
  async readToEnd(): Promise<ReadRecord[]> {
    const admin = this.#kafka.admin()
    await admin.connect()
    const ends = await admin.fetchTopicOffsets(this.#topic)
    await admin.disconnect()
    const isRead = () =>
      ends.every(({ partition, high }) => high === '0' || (this.#positions.get(partition) ?? 0n) >= BigInt(high))
    await this.waitFor(isRead, 'the end of the topic')
    return this.records
  }

  async close(): Promise<void> {
    await this.#stop()
  }
}
