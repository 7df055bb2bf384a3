import { gzipSync } from 'node:zlib'
import type { OutgoingRecord, RecordHeaders } from './delivery.ts'

/** Of the batch, the record and its parts' lengths. */
const OVERHEAD_BYTES = 200
/** Of each header: two lengths. */
const HEADER_BYTES = 8
/** Nothing compresses so well that more than this would fit anywhere, and trying would stop the process for seconds. */
const MOST_BYTES = 8_388_608

/** Bytes of headers as Kafka counts them towards a record's size, a few more rather than less. */
export function headerBytes(headers: RecordHeaders = {}): number {
  return Object.entries(headers).reduce((sum, [name, value]) => {
    const values = Array.isArray(value) ? value : [value]
    return sum + values.reduce((each, item) => each + Buffer.byteLength(name) + bytesOf(item) + HEADER_BYTES, 0)
  }, 0)
}

/** Bytes of a record before compression, a few more rather than less. */
export function recordBytes({ key, value, headers }: OutgoingRecord): number {
  return OVERHEAD_BYTES + bytesOf(key) + bytesOf(value) + headerBytes(headers)
}

/** Whether a topic takes the record in a batch of its own, as our producers send it: compressed with gzip. */
export function fitsInto(record: OutgoingRecord, maxMessageBytes: number): boolean {
  const bytes = recordBytes(record)
  if (bytes <= maxMessageBytes || bytes > MOST_BYTES) return bytes <= maxMessageBytes
  const headers = Object.entries(record.headers ?? {}).flat(2)
  const parts = [record.key, record.value, ...headers].map((part) => Buffer.from(part ?? ''))
  return gzipSync(Buffer.concat(parts)).length + OVERHEAD_BYTES + HEADER_BYTES * headers.length <= maxMessageBytes
}

function bytesOf(part: Buffer | string | null): number {
  return part === null ? 0 : Buffer.byteLength(part)
}
