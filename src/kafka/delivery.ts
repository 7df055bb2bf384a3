import type { IHeaders, TopicMessages } from 'kafkajs'

export interface TopicPartition {
  topic: string
  partition: number
}

/** A record as Kafka delivered it. */
export interface Delivery extends TopicPartition {
  offset: bigint
  /** What to commit once this record is done: where the next one stands, control records skipped. */
  nextOffset: bigint
  /** The record's own time, milliseconds since 1970. */
  timestamp: number
  key: Buffer | null
  /** null is a tombstone. */
  value: Buffer | null
  headers: RecordHeaders
}

/** A repeated header is an array, in order. */
export type RecordHeaders = Record<string, Buffer | string | (Buffer | string)[]>

/** A record to be published. */
export interface OutgoingRecord {
  topic: string
  key: Buffer | string | null
  value: Buffer | null
  headers?: RecordHeaders
}

/** Records as KafkaJS publishes them. */
export function toTopicMessages(records: OutgoingRecord[]): TopicMessages[] {
  return [...Map.groupBy(records, ({ topic }) => topic)].map(([topic, messages]) => ({
    topic,
    messages: messages.map(({ key, value, headers }) => ({ key, value, ...(headers && { headers }) })),
  }))
}

export interface CommitOffset extends TopicPartition {
  offset: bigint
}

/** Foreign records may carry null headers, which KafkaJS refuses to publish again: they become empty ones. */
export function toRecordHeaders(headers: IHeaders | undefined): RecordHeaders {
  const entries = Object.entries(headers ?? {}).map(([name, value]) => [name, value ?? Buffer.alloc(0)] as const)
  return Object.fromEntries(entries)
}
