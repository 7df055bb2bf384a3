import { createHash } from 'node:crypto'
import type { ErrorCode } from '../errors.ts'
import type { UnopenedBatch } from '../kafka/decoding-fault.ts'
import type { Delivery, OutgoingRecord } from '../kafka/delivery.ts'
import { MESSAGE_BYTES } from '../kafka/event-topics.ts'
import { fitsInto, headerBytes } from '../kafka/record-size.ts'
import { cutToBytes, type Failure, toFailureHeaders, withoutOwnHeaders } from './retry-headers.ts'

/** In bytes, so that all our headers together stay under 16 kB. */
const LONGEST_HISTORY = 8_000
const LONGEST_PAST_MESSAGE = 500
/** What a pointer takes over of a record that is too large. */
const POINTER_HEADERS = 65_536
const POINTER_KEY = 65_536

export interface GivenUp extends Omit<Failure, 'run'> {
  /** Default: 1. */
  run?: number
  /** Earlier attempts, oldest first. */
  history?: readonly { message: string }[]
}

/**
 * The dead letter of a record: its own bytes, key and headers, and beside them where it first stood and why it was given
 * up. One that its topic would not take, or a batch that nobody could open, becomes a pointer: no value, but where it
 * stands and how to know it.
 */
export function toDeadLetter(topic: string, delivery: Delivery, givenUp: GivenUp): OutgoingRecord {
  if (delivery.fault?.batch !== undefined) return toBatchPointer(topic, delivery, delivery.fault.batch, givenUp)
  const foreign = withoutOwnHeaders(delivery.headers)
  const own = toDeadLetterHeaders(delivery, givenUp)
  const letter = { topic, key: delivery.key, value: delivery.value, headers: { ...foreign, ...own } }
  // Whoever reads the letters must not die of one.
  if (givenUp.error.code === 'CRASHED_DECODER') return toPointer(topic, delivery, givenUp)
  if (fitsInto(letter, MESSAGE_BYTES.dead)) return letter
  const message = `too large for ${topic}, so only a pointer to where it stands: ${givenUp.error.message}`
  return toPointer(topic, delivery, { ...givenUp, error: { code: 'RECORD_TOO_LARGE', message } }, givenUp.error.code)
}

/** Our own headers of a dead letter, less than 16 kB: text that can be stored. */
export function toDeadLetterHeaders(delivery: Delivery, givenUp: GivenUp): Record<string, string> {
  const { history, run = 1, ...failure } = givenUp
  return {
    ...toFailureHeaders(delivery, { run, ...failure }),
    ...(history !== undefined && { 'enricher-history': boundedHistory(history) }),
  }
}

function toPointer(topic: string, delivery: Delivery, givenUp: GivenUp, causeCode?: ErrorCode): OutgoingRecord {
  const { key, value } = delivery
  const foreign = withoutOwnHeaders(delivery.headers)
  const bytes = value ?? Buffer.alloc(0)
  const own = {
    ...toDeadLetterHeaders(delivery, givenUp),
    ...(causeCode !== undefined && { 'enricher-cause-code': causeCode }),
    'enricher-value-bytes': String(bytes.length),
    'enricher-value-sha256': createHash('sha256').update(bytes).digest('hex'),
  }
  const headers = headerBytes(foreign) <= POINTER_HEADERS ? { ...foreign, ...own } : own
  return { topic, key: key !== null && key.length > POINTER_KEY ? null : key, value: null, headers }
}

/** Of a batch that was not opened: none of its records is known. */
function toBatchPointer(topic: string, delivery: Delivery, batch: UnopenedBatch, givenUp: GivenUp): OutgoingRecord {
  const headers = {
    ...toDeadLetterHeaders(delivery, givenUp),
    'enricher-original-offset': String(batch.firstOffset),
    'enricher-batch-last-offset': String(batch.lastOffset),
    'enricher-batch-records': String(batch.records),
    'enricher-value-bytes': String(batch.bytes),
    'enricher-value-sha256': batch.sha256,
  }
  return { topic, key: null, value: null, headers }
}

/** The newest attempts as JSON, as many as fit. */
function boundedHistory(history: readonly { message: string }[]): string {
  const entries = history.map((entry) =>
    JSON.stringify({ ...entry, message: cutToBytes(entry.message, LONGEST_PAST_MESSAGE) }),
  )
  let bytes = 1
  const from = entries.findLastIndex((entry) => {
    bytes += Buffer.byteLength(entry) + 1
    return bytes > LONGEST_HISTORY
  })
  return `[${entries.slice(from + 1).join()}]`
}
