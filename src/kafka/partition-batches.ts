import { CompressionTypes, type Kafka, Partitioners, type Producer, type TopicMessages } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import type { OutgoingRecord } from './delivery.ts'
import { describeTopics, explainMissing } from './describe-topics.ts'
import { withAdmin } from './kafka-client.ts'
import { recordBytes } from './record-size.ts'

/** KafkaJS puts all messages of one send for a partition into one batch, and a batch of 1 MB is refused. */
const SEND_RECORDS = 1_000
const SEND_BYTES = 500_000
/** How old the known number of a topic's partitions may be; KafkaJS's own limit. */
const MAX_AGE_MS = 300_000

type Partitions = Parameters<ReturnType<typeof Partitioners.DefaultPartitioner>>[0]['partitionMetadata']

/**
 * Divides records into sends of ONE partition each, in order within their partition.
 *
 * One send of KafkaJS 2.2.4 to several brokers remembers by broker who has answered. When one of them refuses and leaders
 * have moved, records whose new leader has answered already are never sent, and those of a broker that is still busy are
 * sent again under a new sequence: lost and doubled inside of transactions that commit
 * (https://github.com/tulios/kafkajs/pull/1798). With one partition there is one broker, and a retry has its sequence.
 */
export class PartitionBatches {
  readonly #kafka: Kafka
  readonly #choose = Partitioners.DefaultPartitioner()
  readonly #known = new Map<string, { partitions: Partitions; readAt: number }>()

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  /** One `sendBatch` each, to go one after the other. @throws EnrichmentError KAFKA_UNAVAILABLE, KAFKA_FORBIDDEN */
  async divide(records: readonly OutgoingRecord[]): Promise<TopicMessages[]> {
    await this.#learn(new Set(records.map(({ topic }) => topic)))
    const byPartition = Map.groupBy(records, (record) => `${record.topic}/${this.#partitionOf(record)}`)
    return [...byPartition].flatMap(([place, own]) => {
      const partition = Number(place.slice(place.lastIndexOf('/') + 1))
      return chunksOf(own).map((chunk) => ({
        topic: chunk[0]?.topic ?? '',
        messages: chunk.map(({ key, value, headers }) => ({ key, value, partition, ...(headers && { headers }) })),
      }))
    })
  }

  #partitionOf({ topic, partition, key, value }: OutgoingRecord): number {
    // The hash of a key is a twentieth of what intake does for an album.
    if (partition !== undefined) return partition
    const partitions = this.#known.get(topic)?.partitions ?? []
    return this.#choose({ topic, partitionMetadata: partitions, message: { key, value } })
  }

  async #learn(topics: ReadonlySet<string>): Promise<void> {
    const now = Date.now()
    const unknown = [...topics].filter((topic) => now - (this.#known.get(topic)?.readAt ?? 0) > MAX_AGE_MS)
    if (unknown.length === 0) return
    const described = await withAdmin(this.#kafka, (admin) => describeTopics(admin, unknown))
    const absent = described.filter(({ partitions }) => partitions.length === 0)
    if (absent.length > 0) throw new EnrichmentError('KAFKA_UNAVAILABLE', `Kafka: ${explainMissing(absent)}`)
    for (const { topic, partitions } of described) {
      const metadata = partitions.map(({ partition, leader, replicas, isr }) => ({
        partitionErrorCode: 0,
        partitionId: partition,
        leader,
        replicas,
        isr,
      }))
      this.#known.set(topic, { partitions: metadata, readAt: now })
    }
  }
}

/**
 * Sends what `divide` gives. A partition that KafkaJS's own metadata does not know yet, as those that were added lately, or
 * no more, it passes over: no broker is asked, and only the answer is empty.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE for what was not sent; what KafkaJS throws
 */
export async function sendWhole(sender: Pick<Producer, 'sendBatch'>, batch: TopicMessages): Promise<void> {
  const answers = await sender.sendBatch({ acks: -1, compression: CompressionTypes.GZIP, topicMessages: [batch] })
  if (answers.length > 0) return
  const [{ partition } = {}] = batch.messages
  const message = `Kafka: partition ${partition} of ${batch.topic} was added or deleted just now, and is tried again`
  throw new EnrichmentError('KAFKA_UNAVAILABLE', message)
}

/** A record larger than a chunk goes in one of its own, since a topic's limit is for the whole batch. */
function chunksOf(records: OutgoingRecord[]): OutgoingRecord[][] {
  const chunks: OutgoingRecord[][] = []
  let bytes = 0
  for (const record of records) {
    const size = recordBytes(record)
    const chunk = chunks.at(-1)
    if (chunk === undefined || chunk.length >= SEND_RECORDS || bytes + size > SEND_BYTES) {
      chunks.push([record])
      bytes = size
    } else {
      chunk.push(record)
      bytes += size
    }
  }
  return chunks
}
