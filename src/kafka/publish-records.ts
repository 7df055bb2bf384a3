import { CompressionTypes, type Kafka, Partitioners } from 'kafkajs'
import { type OutgoingRecord, toTopicMessages } from './delivery.ts'
import { kafkaError } from './kafka-client.ts'

/** KafkaJS puts all messages of one send for a partition into one batch, which the broker takes up to 1 MB. */
const SEND_RECORDS = 500

/** Publishes records in order, outside any transaction. @throws EnrichmentError KAFKA_UNAVAILABLE */
export async function publishRecords(kafka: Kafka, records: OutgoingRecord[]): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner })
  try {
    await producer.connect()
    for (let at = 0; at < records.length; at += SEND_RECORDS) {
      const chunk = records.slice(at, at + SEND_RECORDS)
      await producer.sendBatch({ acks: -1, compression: CompressionTypes.GZIP, topicMessages: toTopicMessages(chunk) })
    }
  } catch (error) {
    throw kafkaError(error)
  } finally {
    await producer.disconnect().catch(() => undefined)
  }
}
