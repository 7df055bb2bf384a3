import { createRequire } from 'node:module'
import type { WalkedType } from '../../src/kafka/avro-bounds.ts'

interface AvroType extends WalkedType {
  toBuffer(value: unknown): Buffer
  fromBuffer(bytes: Buffer): unknown
}

/** The decoder that the registry's client brings; it is no dependency of ours. */
const avsc = createRequire(createRequire(import.meta.url).resolve('@kafkajs/confluent-schema-registry'))('avsc') as {
  Type: { forSchema(schema: object): AvroType }
}

/** @param text of an Avro schema */
export const avroType = (text: string): AvroType => avsc.Type.forSchema(JSON.parse(text))
