import type { ErrorCode } from '../errors.ts'
import { toTime } from '../iso-time.ts'
import type { Delivery, RecordHeaders } from '../kafka/delivery.ts'
import { storableText } from '../storable-text.ts'

const OWN = 'enricher-'
/** In bytes: Kafka counts headers towards a record's size, and a page must be able to show them. */
const LONGEST_MESSAGE = 2_000

/** What a retry copy says of itself. */
export interface RetryHeaders {
  /** 1 unless offsets were reset. */
  run: number
  /** Retries of this run, this copy included; 0 for a first delivery. */
  attempt: number
  /** Milliseconds since 1970. */
  firstFailedAt: number | null
  /** Of those, the ones that a server's wish to be asked later was the reason for, which do not count. */
  uncounted: number
  /** The copy must not be taken up before, milliseconds since 1970. */
  notBefore: number | null
  /** Since when waiting adds nothing to the request's age, milliseconds since 1970; null: since notBefore. */
  waitsSince: number | null
  requestId: string | null
}

/** What a request's id looks like: a UUID. */
export const REQUEST_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Why a record does not go on as it is. */
export interface Failure {
  run: number
  attempt: number
  firstFailedAt: number
  /** Which part of the work failed: intake, or a stage of the enrichment. */
  stage: string
  error: { code: ErrorCode; message: string }
  requestId?: string | undefined
}

/** What our headers say; whatever we would not have written ourselves counts as absent. Never throws. */
export function readRetryHeaders(headers: RecordHeaders): RetryHeaders {
  return {
    run: readCount(headers, 'enricher-run') ?? 1,
    attempt: readCount(headers, 'enricher-attempt') ?? 0,
    firstFailedAt: readTime(headers, 'enricher-first-failed-at'),
    uncounted: readCount(headers, 'enricher-uncounted') ?? 0,
    notBefore: readTime(headers, 'enricher-not-before'),
    waitsSince: readTime(headers, 'enricher-waits-since'),
    requestId: readText(headers, 'enricher-request-id', REQUEST_ID),
  }
}

/** What only a retry copy says. */
export interface Hop extends Failure {
  notBefore: number
  waitsSince?: number | undefined
  uncounted?: number
}

/** Our own headers of a retry copy; they go beside the delivery's foreign ones (see withoutOwnHeaders). */
export function toRetryHeaders(delivery: Delivery, hop: Hop): Record<string, string> {
  const { notBefore, waitsSince, uncounted = 0 } = hop
  return {
    ...toFailureHeaders(delivery, hop),
    'enricher-not-before': toTime(notBefore),
    ...(waitsSince !== undefined && { 'enricher-waits-since': toTime(waitsSince) }),
    ...(uncounted > 0 && { 'enricher-uncounted': String(uncounted) }),
  }
}

/** Our own headers that retry copies and dead letters share: where the record first stood, and how it failed. */
export function toFailureHeaders(delivery: Delivery, failure: Failure): Record<string, string> {
  const { run, attempt, firstFailedAt, stage, error, requestId } = failure
  return {
    ...originOf(delivery),
    'enricher-first-failed-at': toTime(firstFailedAt),
    'enricher-run': String(run),
    'enricher-attempt': String(attempt),
    'enricher-stage': stage,
    'enricher-error-code': error.code,
    'enricher-error-message': cutToBytes(error.message, LONGEST_MESSAGE),
    ...(requestId !== undefined && { 'enricher-request-id': requestId }),
  }
}

/** The headers that are none of ours. A record from outside may bear our names, and nothing that they say counts. */
export function withoutOwnHeaders(headers: RecordHeaders): RecordHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(OWN)))
}

/** A text cut to a number of bytes, and such as Kafka's pages and PostgreSQL's JSON can hold. */
export function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(storableText(text))
  // Of a character that is cut in two nothing is kept.
  return new TextDecoder().decode(bytes.subarray(0, maxBytes), { stream: true })
}

/** Set once: what an earlier hop wrote of the record's origin is kept, if it wrote all of it. */
function originOf({ topic, partition, offset, timestamp, headers }: Delivery): Record<string, string> {
  const known = {
    topic: readText(headers, 'enricher-original-topic', /^[\w.-]{1,249}$/),
    partition: readText(headers, 'enricher-original-partition', /^\d{1,10}$/),
    offset: readText(headers, 'enricher-original-offset', /^\d{1,19}$/),
    timestamp: readTime(headers, 'enricher-original-timestamp'),
  }
  const isKnown = Object.values(known).every((part) => part !== null)
  const origin = isKnown ? known : { topic, partition, offset, timestamp }
  return {
    'enricher-original-topic': String(origin.topic),
    'enricher-original-partition': String(origin.partition),
    'enricher-original-offset': String(origin.offset),
    'enricher-original-timestamp': toTime(origin.timestamp ?? 0),
  }
}

const LONGEST_TEXT = 300

function readText(headers: RecordHeaders, name: string, form: RegExp): string | null {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (value === undefined || Array.isArray(value) || value.length > LONGEST_TEXT) return null
  const text = value.toString()
  return form.test(text) ? text : null
}

function readCount(headers: RecordHeaders, name: string): number | null {
  const text = readText(headers, name, /^[1-9]\d{0,8}$/)
  return text === null ? null : Number(text)
}

function readTime(headers: RecordHeaders, name: string): number | null {
  const text = readText(headers, name, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  const time = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) || toTime(time) !== text ? null : time
}
