import type { IHeaders } from 'kafkajs'
import type { DecodingFault } from './decoding-fault.ts'
import { NULL_HEADER } from './patches/null-headers.ts'

export interface TopicPartition {
  topic: string
  partition: number
}

/** What tells a partition from all others, in maps and texts: "topic/partition". */
export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

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
  /** Why it is not what its producer sent: it must be given up. */
  fault?: DecodingFault
}

/** A repeated header is an array, in order. */
export type RecordHeaders = Record<string, Buffer | string | (Buffer | string)[]>

/** A record to be published. */
export interface OutgoingRecord {
  topic: string
  /** Absent: by its key. Requests name it: in a partition that somebody has added to their topic nobody would do them. */
  partition?: number
  key: Buffer | string | null
  value: Buffer | null
  headers?: RecordHeaders
}

export interface CommitOffset extends TopicPartition {
  offset: bigint
  /** Kept beside the offset until somebody else commits it. */
  metadata?: string
}

/** Headers as they were delivered, in a form that can be published again. One without a value is NULL_HEADER. */
export function toRecordHeaders(headers: IHeaders | undefined): RecordHeaders {
  const toValue = (value: unknown) => (Buffer.isBuffer(value) || typeof value === 'string' ? value : NULL_HEADER)
  const entries = Object.entries(headers ?? {}).map(
    ([name, value]) => [name, Array.isArray(value) ? value.map(toValue) : toValue(value)] as const,
  )
  return Object.fromEntries(entries)
}
