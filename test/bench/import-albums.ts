import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { Kafka, logLevel, type Message, Partitioners } from 'kafkajs'
import { benchAlbum } from './bench-albums.ts'

const RECORDS_PER_SEND = 500

/** Encodes first and sends then, so that it is Kafka and not the encoding that is waited for. */
export async function importAlbums(env: Record<string, string>, count: number): Promise<() => Promise<void>> {
  const topic = env.TOPIC_IMPORTED ?? ''
  const registry = new SchemaRegistry({ host: env.SCHEMA_REGISTRY_URL ?? '' })
  const id = await registry.getLatestSchemaId(`${topic}-value`)
  const messages: Message[] = []
  for (let number = 0; number < count; number += 1) {
    const album = benchAlbum(number)
    messages.push({ key: album.albumId, value: await registry.encode(id, album) })
  }
  const kafka = new Kafka({ brokers: (env.KAFKA_BROKERS ?? '').split(','), logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  return async () => {
    for (let at = 0; at < messages.length; at += RECORDS_PER_SEND)
      await producer.send({ topic, messages: messages.slice(at, at + RECORDS_PER_SEND) })
    await producer.disconnect()
  }
}
