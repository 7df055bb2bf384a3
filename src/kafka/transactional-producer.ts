import { type Kafka, Partitioners, type Transaction } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import { orAborted } from '../or-aborted.ts'
import { closeClient } from './close-client.ts'
import type { CommitOffset, OutgoingRecord } from './delivery.ts'
import { describeTopics, explainMissing } from './describe-topics.ts'
import { withAdmin } from './kafka-client.ts'
import { type Asked, kafkaError } from './kafka-error.ts'
import { OpenTransactions } from './open-transactions.ts'
import { PartitionBatches, sendWhole } from './partition-batches.ts'
import { joinPartitions, type TopicPartitions } from './patches/join-partitions.ts'
import { isConnectionLost, whileCoordinatorMoves } from './while-coordinator-moves.ts'

/** A producer killed in a transaction blocks the records behind its own until this has passed. */
const TRANSACTION_TIMEOUT_MS = 10_000
/** Longer than KafkaJS tries anything, and than a transaction lives: what is not answered by then never is. */
const ANSWERED_WITHIN_MS = 45_000
/** So long after the last records their markers are written again: until then the next commit does it. */
const SETTLED_AFTER_MS = 30_000

/** All that the transactions of an id have to do with. */
export interface TakenPart {
  groupId: string
  /** To which records are published. */
  topics: string[]
  /** Resolves once nobody else can have what is taken: whoever has would be fenced. @throws when that will not be */
  confirmed(): Promise<void>
}

export interface ProducerOptions {
  /** Where transactions are noted while they are under way. */
  transactions?: OpenTransactions | undefined
  /** Told when it broke while nobody asked it for anything, unless it was closed before. */
  onBroken?(error: EnrichmentError): void
  /** @default 30000 */
  settledAfterMs?: number
}

/**
 * Publishes records and commits offsets in one Kafka transaction, one at a time.
 *
 * States: new, ready (after `init`), broken (after any failed transaction: KafkaJS's producer is then stuck for ever, so
 * the object is thrown away and its successor, initialised with the same id, ends what was left open), closed.
 */
export class TransactionalProducer {
  readonly #kafka: Kafka
  readonly #transactionalId: string
  readonly #batches: PartitionBatches
  readonly #producer: ReturnType<Kafka['producer']>
  readonly #transactions: OpenTransactions
  readonly #part: TakenPart
  readonly #options: ProducerOptions
  #isEnded = false
  #isClosed = false
  /** Whether records have been published since their markers were written again. */
  #isUnsettled = false
  /** Until they are; another one, or none, with every commit. */
  #idle: NodeJS.Timeout | undefined
  /** Never rejects. */
  #settling: Promise<void> = Promise.resolve()

  constructor(kafka: Kafka, transactionalId: string, part: TakenPart, options: ProducerOptions = {}) {
    this.#kafka = kafka
    this.#part = part
    this.#options = options
    this.#transactions = options.transactions ?? new OpenTransactions()
    this.#transactionalId = transactionalId
    this.#batches = new PartitionBatches(kafka)
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
   * Fences every earlier producer of this id, ends its open transaction, and writes markers that were lost. MUST come before the
   * committed offset is read: until then a predecessor's commit may still arrive.
   *
   * @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals; what `confirmed` throws
   */
  async init(): Promise<void> {
    const begin = async () => {
      await this.#producer.connect()
      await this.#writeLostMarkers(await this.#findPartitions())
    }
    await this.#inTime(`a takeover by ${this.#transactionalId}`, begin(), this.#asked())
  }

  /** KafkaJS connects a producer again that was closed: it would fence the one that came after this. */
  #transaction(): Promise<Transaction> {
    if (this.#isEnded) throw new EnrichmentError('KAFKA_UNAVAILABLE', 'Kafka: answered too late')
    return this.#producer.transaction()
  }

  /** Closes the producer where the work fails, or is not done in time. @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals */
  async #inTime(what: string, work: Promise<void>, asked: Asked): Promise<void> {
    const late = AbortSignal.timeout(ANSWERED_WITHIN_MS)
    try {
      await this.#transactions.during(orAborted(work, late))
    } catch (error) {
      await this.#end()
      if (error !== late.reason) throw kafkaError(error, asked)
      throw new EnrichmentError('KAFKA_UNAVAILABLE', `Kafka: no answer to ${what} in ${ANSWERED_WITHIN_MS / 1_000} s`)
    }
  }

  #asked(): Asked {
    return { transactionalId: this.#transactionalId, group: this.#part.groupId }
  }

  /**
   * A coordinator that comes back after a crash ends a committed transaction without its marker in a partition that has
   * no leader at that moment (KAFKA-20734; seen with Kafka 4.4.0). Until the id's next marker there, records are shown
   * and their offsets are not, or are hidden with all behind them though their offsets are committed. So an owner begins
   * with a marker everywhere: that of a commit, since one that was given up drops the offsets that wait for it. Not while a leader or
   * the group's coordinator is missing: what is begun then is given up.
   */
  async #writeLostMarkers(partitions: TopicPartitions[]): Promise<void> {
    // Kafka may have taken its time: from here on the predecessor is fenced.
    await this.#part.confirmed()
    // The second one cannot begin before all markers of the first are written.
    for (let markers = 0; markers < 2; markers += 1) {
      joinPartitions(this.#transactionalId, partitions)
      const empty = await this.#transaction()
      await sendOffsets(empty, this.#part.groupId, [], isConnectionLost)
      await empty.commit()
    }
  }

  /** Those to which records are published. @throws EnrichmentError KAFKA_UNAVAILABLE while a leader or the group's coordinator is missing */
  async #findPartitions(): Promise<TopicPartitions[]> {
    const { groupId, topics } = this.#part
    const found = await withAdmin(this.#kafka, async (admin) => {
      const described = await describeTopics(admin, topics)
      const missing = explainMissing(described)
      if (missing !== undefined) throw new EnrichmentError('KAFKA_UNAVAILABLE', `Kafka: ${missing}`)
      // Answered by nobody but the coordinator.
      await admin.fetchOffsets({ groupId, topics })
      return described
    })
    return found.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(({ partition }) => partition) }))
  }

  #settleLater(): void {
    if (!this.#isUnsettled || this.#isEnded) return
    const afterMs = this.#options.settledAfterMs ?? SETTLED_AFTER_MS
    this.#idle = setTimeout(() => void this.#settle(), afterMs).unref()
  }

  /** Nobody takes over from an owner that goes on and has nothing to do: what a lost marker of its hides would stay so for ever. */
  async #settle(): Promise<void> {
    const idle = this.#idle
    // No commit waits for this: a broker may be long in answering.
    const late = AbortSignal.timeout(ANSWERED_WITHIN_MS)
    const partitions = await orAborted(this.#findPartitions(), late).catch(() => null)
    // Every commit sees to it itself that its markers are written again.
    if (this.#idle !== idle) return
    // Nothing is begun, so nothing is broken.
    if (partitions === null) this.#settleLater()
    else this.#settling = this.#settleIn(partitions)
  }

  /** Never rejects. */
  async #settleIn(partitions: TopicPartitions[]): Promise<void> {
    try {
      const markers = this.#writeLostMarkers(partitions)
      await this.#inTime(`markers of ${this.#transactionalId}`, markers, this.#asked())
      this.#isUnsettled = false
    } catch (error) {
      if (!this.#isClosed) this.#options.onBroken?.(kafkaError(error))
    }
  }

  /**
   * All records and offsets become visible together, or none.
   *
   * @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals; the outcome is then unknown and this object is of no
   *   further use
   */
  async commit(records: OutgoingRecord[], offsets: CommitOffset[]): Promise<void> {
    const asked = this.#asked()
    clearTimeout(this.#idle)
    this.#idle = undefined
    await this.#settling
    await this.#inTime(`a commit by ${this.#transactionalId}`, this.#transact(records, offsets, asked), asked)
    this.#isUnsettled ||= records.length > 0
    this.#settleLater()
  }

  async #transact(records: OutgoingRecord[], offsets: CommitOffset[], asked: Asked): Promise<void> {
    let transaction: Transaction | undefined
    try {
      const batches = await this.#batches.divide(records)
      transaction = await this.#transaction()
      for (const batch of batches) {
        asked.topic = batch.topic
        await sendWhole(transaction, batch)
      }
      await sendOffsets(transaction, this.#part.groupId, offsets)
      await transaction.commit()
    } catch (error) {
      await transaction?.abort().catch(() => undefined)
      throw error
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#end()
  }

  async #end(): Promise<void> {
    this.#isEnded = true
    clearTimeout(this.#idle)
    // What is left open the next producer of the id fences.
    await closeClient(this.#producer)
  }
}

async function sendOffsets(
  transaction: Transaction,
  groupId: string,
  offsets: CommitOffset[],
  passes?: (error: unknown) => boolean,
): Promise<void> {
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, partitions]) => ({
    topic,
    partitions: partitions.map(({ partition, offset, metadata }) => ({
      partition,
      offset: String(offset),
      ...(metadata !== undefined && { metadata }),
    })),
  }))
  // Of records not after a lost connection: only a new owner writes the markers that a broker's crash may have lost.
  await whileCoordinatorMoves(() => transaction.sendOffsets({ consumerGroupId: groupId, topics }), passes)
}
