import { CompressionTypes, type Kafka } from 'kafkajs'
import type { OutgoingRecord } from './delivery.ts'
import { kafkaError } from './kafka-error.ts'
import { PartitionBatches } from './partition-batches.ts'

/**
 * Publishes records outside any transaction, in order within each partition. What is sent again, because its answer was
 * lost or a leader has moved, stands in the topic once.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals; some of the records may have been published by then
 */
export async function publishRecords(kafka: Kafka, records: OutgoingRecord[]): Promise<void> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 100, retries: 30, maxRetryTime: 1_000 },
  })
  try {
    const batches = await new PartitionBatches(kafka).divide(records)
    await producer.connect()
    for (const batch of batches)
      await producer.sendBatch({ acks: -1, compression: CompressionTypes.GZIP, topicMessages: [batch] })
  } catch (error) {
    const [topic] = new Set(records.map((record) => record.topic))
    throw kafkaError(error, topic === undefined ? {} : { topic })
  } finally {
    await producer.disconnect().catch(() => undefined)
  }
}
