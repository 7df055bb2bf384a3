import type { Kafka } from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import { closeConsumer, SILENT_MS } from './close-consumer.ts'
import { type Delivery, toRecordHeaders } from './delivery.ts'
import { nameTemporaryGroup, withAdmin } from './kafka-client.ts'
import { kafkaError } from './kafka-error.ts'

/**
 * Reads what a topic holds now, record by record; commits nothing and leaves no group behind.
 *
 * @param from where to begin, by partition; default: where the log begins
 * @param onRecord may stop the reading by answering false
 * @throws EnrichmentError KAFKA_UNAVAILABLE; what onRecord throws
 */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  onRecord: (record: Omit<Delivery, 'nextOffset'>) => boolean | undefined | Promise<boolean | undefined>,
  from: ReadonlyMap<number, bigint> = new Map(),
  silentMs = SILENT_MS,
): Promise<void> {
  const ends = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic))
  const unread = new Map(
    ends
      .filter(({ partition, low, high }) => BigInt(high) > BigInt(low) && BigInt(high) > (from.get(partition) ?? 0n))
      .map((end) => [end.partition, BigInt(end.high)]),
  )
  if (unread.size === 0) return
  const groupId = nameTemporaryGroup(kafka)
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false })
  const done = Promise.withResolvers<void>()
  // It may fail while the consumer is still starting, when nobody waits for it yet: that must not end the process.
  done.promise.catch(() => undefined)
  let isOver = false
  /** By partition where the next record to show stands: a batch that is cut off is delivered again. */
  const next = new Map(from)
  const finish = (partition: number, nextOffset: bigint) => {
    if (nextOffset >= (unread.get(partition) ?? 0n)) unread.delete(partition)
    if (unread.size === 0) done.resolve()
  }
  // A batch of control records alone is never shown to eachBatch, only told here.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) =>
    finish(partition, BigInt(lastOffset) + 1n),
  )
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(kafkaError(payload.error)))
  let heardAt = performance.now()
  /** Whoever looks at a record may take as long as he likes. */
  let isLookedAt = false
  const hear = () => {
    heardAt = performance.now()
  }
  for (const word of ['consumer.group_join', 'consumer.heartbeat', 'consumer.fetch'] as const) consumer.on(word, hear)
  const watch = setInterval(() => {
    if (isLookedAt || performance.now() - heardAt < silentMs) return
    done.reject(new EnrichmentError('KAFKA_UNAVAILABLE', `Kafka: no word of ${topic} for ${silentMs / 1_000} s`))
  }, silentMs / 10)
  const begin = async () => {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages }, heartbeat }) => {
        for (const { offset, timestamp, key, value, headers } of messages) {
          if (isOver || BigInt(offset) >= (unread.get(partition) ?? 0n)) break
          if (BigInt(offset) < (next.get(partition) ?? 0n)) continue
          // What is done with a record may take long, and a member that is silent is put out and begins anew.
          await heartbeat()
          const record = { topic, partition, offset: BigInt(offset), timestamp: Number(timestamp), key, value }
          isLookedAt = true
          try {
            const goesOn = (await onRecord({ ...record, headers: toRecordHeaders(headers) })) !== false
            next.set(partition, BigInt(offset) + 1n)
            if (goesOn) continue
            done.resolve()
          } catch (error) {
            // Thrown on, KafkaJS would show the records of this batch once more.
            done.reject(error)
          } finally {
            isLookedAt = false
            hear()
          }
          isOver = true
        }
      },
    })
    for (const [partition, offset] of from) consumer.seek({ topic, partition, offset: String(offset) })
  }
  const begun = begin().catch((error: unknown) => done.reject(kafkaError(error)))
  try {
    await done.promise
  } finally {
    isOver = true
    clearInterval(watch)
    await closeConsumer(consumer, begun)
    await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch(() => undefined)
  }
}
