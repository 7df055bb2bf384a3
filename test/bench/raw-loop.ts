import { randomUUID } from 'node:crypto'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { type EachBatchPayload, Kafka, logLevel, type Message, Partitioners, type Producer } from 'kafkajs'

/**
 * What a careful person writes in an afternoon with KafkaJS and the registry's client, forked by intake-bench.ts: album in,
 * request out, so many in one Kafka transaction together with their offsets. No fencing, no checks, no dead letters.
 */
const RECORDS_PER_TRANSACTION = 1_000

const env = process.env as Record<string, string>
const input = env.TOPIC_IMPORTED ?? ''
const output = env.TOPIC_ENRICHMENT ?? ''
const groupId = env.RAW_GROUP ?? ''

const kafka = new Kafka({ brokers: (env.KAFKA_BROKERS ?? '').split(','), logLevel: logLevel.NOTHING })
const registry = new SchemaRegistry({ host: env.SCHEMA_REGISTRY_URL ?? '' })
const requested = await registry.getLatestSchemaId(`${output}-value`)
const producer = kafka.producer({
  transactionalId: groupId,
  maxInFlightRequests: 1,
  createPartitioner: Partitioners.DefaultPartitioner,
  retry: { initialRetryTime: 5, retries: 30 },
})
const consumer = kafka.consumer({ groupId })

async function toRequest(partition: number, offset: string, value: Buffer): Promise<Message> {
  const album = await registry.decode(value)
  const request = {
    requestId: randomUUID(),
    reason: 'imported',
    stages: ['search', 'match', 'links', 'artwork'],
    album,
    requestedAt: Date.now(),
    source: { topic: input, partition, offset: Number(offset) },
  }
  return { key: album.albumId, value: await registry.encode(requested, request) }
}

async function forward({ batch, resolveOffset, heartbeat }: EachBatchPayload, to: Producer): Promise<void> {
  const { topic, partition } = batch
  for (let at = 0; at < batch.messages.length; at += RECORDS_PER_TRANSACTION) {
    const chunk = batch.messages.slice(at, at + RECORDS_PER_TRANSACTION)
    const messages = await Promise.all(
      chunk.map(({ offset, value }) => toRequest(partition, offset, value ?? Buffer.alloc(0))),
    )
    const last = chunk.at(-1)?.offset ?? '0'
    const transaction = await to.transaction()
    await transaction.send({ topic: output, messages })
    const offsets = [{ partition, offset: String(BigInt(last) + 1n) }]
    await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions: offsets }] })
    await transaction.commit()
    resolveOffset(last)
    await heartbeat()
  }
}

await producer.connect()
await consumer.connect()
await consumer.subscribe({ topics: [input], fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  eachBatch: (payload) => forward(payload, producer),
})
process.once('disconnect', () => process.exit())
