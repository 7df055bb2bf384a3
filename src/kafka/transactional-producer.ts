import { setTimeout as delay } from 'node:timers/promises'
import { CompressionTypes, type Kafka, Partitioners, type Transaction } from 'kafkajs'
import { type CommitOffset, type OutgoingRecord, toTopicMessages } from './delivery.ts'
import { joinPartitions } from './join-partitions.ts'
import { kafkaError, withAdmin } from './kafka-client.ts'
import { recordBytes } from './record-size.ts'

/** KafkaJS puts all messages of one send for a partition into one batch, and a batch of 1 MB is refused. */
const SEND_RECORDS = 1_000
const SEND_BYTES = 500_000
/** Coordinator loading, not available, moved; transaction still being ended. KafkaJS does not retry these itself here. */
const PASSING_CODES = new Set([14, 15, 16, 51])
const OFFSET_TRIES = 20
/** A producer killed in a transaction blocks the records behind its own until this has passed. */
const TRANSACTION_TIMEOUT_MS = 10_000

/** All that the transactions of an id have to do with. */
export interface TakenPart {
  groupId: string
  /** To which records are published. */
  topics: string[]
}

/**
 * Publishes records and commits offsets in one Kafka transaction.
 *
 * States: new, ready (after `init`), broken (after any failed transaction: KafkaJS's producer is then stuck for ever, so
 * the object is thrown away and its successor, initialised with the same id, ends what was left open).
 */
export class TransactionalProducer {
  readonly #kafka: Kafka
  readonly #transactionalId: string
  readonly #producer: ReturnType<Kafka['producer']>

  constructor(kafka: Kafka, transactionalId: string) {
    this.#kafka = kafka
    this.#transactionalId = transactionalId
    this.#producer = kafka.producer({
      transactionalId,
      maxInFlightRequests: 1,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      // A transaction right after another meets CONCURRENT_TRANSACTIONS while markers are written; with KafkaJS's
      // default pause that costs 284 ms a transaction, with 5 ms about 15.
      retry: { initialRetryTime: 5, retries: 30, maxRetryTime: 1_000 },
    })
  }

  /**
   * Fences every earlier producer of this id and ends its open transaction. MUST come before the committed offset is
   * read: until then a predecessor's commit may still arrive.
   *
   * @param taken what the id's transactions have to do with; with it their lost markers are written, too
   * @throws EnrichmentError KAFKA_UNAVAILABLE
   */
  async init(taken?: TakenPart): Promise<void> {
    try {
      await this.#producer.connect()
      if (taken !== undefined) return await this.#writeLostMarkers(taken)
      const empty = await this.#producer.transaction()
      await empty.abort()
    } catch (error) {
      await this.close()
      throw kafkaError(error)
    }
  }

  /**
   * A coordinator that comes back after a crash ends a committed transaction without its marker in a partition that has
   * no leader at that moment (KAFKA-20734; seen with Kafka 4.4.0). Until the id's next marker there, records are shown
   * and their offsets are not, or are hidden with all behind them though their offsets are committed. So an owner begins
   * with a marker everywhere; not while a leader is missing, since the marker of what it gives up would be lost likewise.
   */
  async #writeLostMarkers({ groupId, topics }: TakenPart): Promise<void> {
    // KafkaJS throws for a partition without a leader.
    const { topics: found } = await withAdmin(this.#kafka, (admin) => admin.fetchTopicMetadata({ topics }))
    joinPartitions(
      this.#transactionalId,
      found.map(({ name, partitions }) => ({ topic: name, partitions: partitions.map((it) => it.partitionId) })),
    )
    const everywhere = await this.#producer.transaction()
    await sendOffsets(everywhere, groupId, [])
    await everywhere.commit()
    // Another one cannot begin before all markers of that one are written.
    const next = await this.#producer.transaction()
    await sendOffsets(next, groupId, [])
    await next.abort()
  }

  /**
   * All records and offsets become visible together, or none.
   *
   * @throws EnrichmentError KAFKA_UNAVAILABLE; the outcome is then unknown and this object is of no further use
   */
  async commit(records: OutgoingRecord[], groupId: string, offsets: CommitOffset[]): Promise<void> {
    let transaction: Transaction | undefined
    try {
      transaction = await this.#producer.transaction()
      for (const chunk of chunksOf(records)) await sendChunk(transaction, chunk)
      await sendOffsets(transaction, groupId, offsets)
      await transaction.commit()
    } catch (error) {
      await transaction?.abort().catch(() => undefined)
      await this.close()
      throw kafkaError(error)
    }
  }

  async close(): Promise<void> {
    await this.#producer.disconnect().catch(() => undefined)
  }
}

/** A record larger than a chunk goes in one of its own, since a topic's limit is for the whole batch. */
function* chunksOf(records: OutgoingRecord[]): Generator<OutgoingRecord[]> {
  let chunk: OutgoingRecord[] = []
  let bytes = 0
  for (const record of records) {
    const size = recordBytes(record)
    if (chunk.length > 0 && (chunk.length >= SEND_RECORDS || bytes + size > SEND_BYTES)) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(record)
    bytes += size
  }
  if (chunk.length > 0) yield chunk
}

async function sendChunk(transaction: Transaction, records: OutgoingRecord[]): Promise<void> {
  await transaction.sendBatch({ acks: -1, compression: CompressionTypes.GZIP, topicMessages: toTopicMessages(records) })
}

async function sendOffsets(transaction: Transaction, groupId: string, offsets: CommitOffset[]): Promise<void> {
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, partitions]) => ({
    topic,
    partitions: partitions.map(({ partition, offset, metadata }) => ({
      partition,
      offset: String(offset),
      ...(metadata !== undefined && { metadata }),
    })),
  }))
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction.sendOffsets({ consumerGroupId: groupId, topics })
    } catch (error) {
      const code = (error as { code?: unknown }).code
      if (attempt >= OFFSET_TRIES || !PASSING_CODES.has(code as number)) throw error
      await delay(Math.min(5 * 2 ** attempt, 500))
    }
  }
}
