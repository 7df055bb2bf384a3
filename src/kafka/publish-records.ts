import type { Kafka } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import { orAborted } from '../or-aborted.ts'
import { closeClient } from './close-client.ts'
import type { OutgoingRecord } from './delivery.ts'
import { kafkaError } from './kafka-error.ts'
import { PartitionBatches, sendWhole } from './partition-batches.ts'

/**
 * Publishes records outside any transaction, in order within each partition. What is sent again, because its answer was
 * lost or a leader has moved, stands in the topic once.
 *
 * @param withinMs milliseconds after which nothing is sent any more, though a broker may still take what it has been sent,
 *   nor waited for; absent: as long as Kafka's client tries, half a minute
 * @throws EnrichmentError KAFKA_UNAVAILABLE, Kafka's refusals; some of the records may have been published by then
 */
export async function publishRecords(kafka: Kafka, records: OutgoingRecord[], withinMs?: number): Promise<void> {
  const late = new AbortController()
  const timer = withinMs && setTimeout(() => late.abort(tooLate(withinMs)), withinMs)
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: { retries: 30, initialRetryTime: 100, maxRetryTime: 1_000 },
    // Asked before each try, which KafkaJS goes on with though nobody waits any more; partitions have been chosen by then.
    createPartitioner: () => (asked) => {
      late.signal.throwIfAborted()
      return asked.message.partition ?? 0
    },
  })
  const send = async () => {
    const batches = await new PartitionBatches(kafka).divide(records)
    await producer.connect()
    for (const batch of batches) await sendWhole(producer, batch)
  }
  const sending = send()
  try {
    await orAborted(sending, late.signal)
  } catch (error) {
    const [topic] = new Set(records.map((record) => record.topic))
    throw kafkaError(error, topic === undefined ? {} : { topic })
  } finally {
    const closed = sending.catch(() => undefined).then(() => closeClient(producer))
    await orAborted(closed, late.signal).catch(() => undefined)
    clearTimeout(timer)
  }
}

function tooLate(ms: number): EnrichmentError {
  return new EnrichmentError('KAFKA_UNAVAILABLE', `Kafka has not taken the records within ${ms / 1_000} s`)
}
