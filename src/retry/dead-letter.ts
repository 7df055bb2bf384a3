import type { EnrichmentError } from '../errors.ts'
import type { Delivery, OutgoingRecord, RecordHeaders } from '../kafka/delivery.ts'

/** Kafka counts headers towards a record's size, and a page must be able to show them. */
const LONGEST_MESSAGE = 2_000
const LONGEST_HISTORY = 8_000

export interface GivenUp {
  error: EnrichmentError
  /** Which part of the work failed: intake, or a stage of the enrichment. */
  stage: string
  /** How many attempts were made. */
  attempt: number
  /** When the first one failed, milliseconds since 1970. */
  firstFailedAt: number
  requestId?: string
  /** Earlier attempts, oldest first. */
  history?: unknown[]
}

/**
 * The dead letter of a record: its own bytes, key and headers, and beside them where it stood and why it was given up.
 * What an earlier hop wrote about the record's origin stays as it is.
 */
export function toDeadLetter(topic: string, delivery: Delivery, givenUp: GivenUp): OutgoingRecord {
  const { error, stage, attempt, firstFailedAt, requestId, history } = givenUp
  const origin: RecordHeaders = {
    'enricher-original-topic': delivery.topic,
    'enricher-original-partition': String(delivery.partition),
    'enricher-original-offset': String(delivery.offset),
    'enricher-original-timestamp': new Date(delivery.timestamp).toISOString(),
  }
  const reason: RecordHeaders = {
    'enricher-first-failed-at': new Date(firstFailedAt).toISOString(),
    'enricher-attempt': String(attempt),
    'enricher-stage': stage,
    'enricher-error-code': error.code,
    'enricher-error-message': error.message.slice(0, LONGEST_MESSAGE),
    ...(requestId !== undefined && { 'enricher-request-id': requestId }),
    ...(history !== undefined && { 'enricher-history': boundedHistory(history) }),
  }
  return { topic, key: delivery.key, value: delivery.value, headers: { ...delivery.headers, ...origin, ...reason } }
}

/** The newest attempts as JSON, as many as fit. */
function boundedHistory(history: unknown[]): string {
  for (let from = 0; from < history.length; from += 1) {
    const text = JSON.stringify(history.slice(from))
    if (text.length <= LONGEST_HISTORY) return text
  }
  return '[]'
}
