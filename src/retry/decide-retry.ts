import type { ErrorCode } from '../errors.ts'

/**
 * - dead letter: trying again would fail again
 * - retry: try the album again in place, a few times, then it is a dead letter
 * - wait: our own server is away, so the fault is not the record's: wait for it and go on, nothing counted
 */
export type Decision = 'dead letter' | 'retry' | 'wait'

/** What becomes of a request that failed with a code. A code without a row does not compile. */
const DECISIONS = {
  RECORD_UNDECODABLE: 'dead letter',
  SCHEMA_UNKNOWN: 'dead letter',
  RECORD_INVALID: 'dead letter',
  // A 429 is waited for where it happens and is no attempt; it gets here only when a client gives up on it.
  AMAZON_THROTTLED: 'retry',
  AMAZON_NOT_ELIGIBLE: 'retry',
  AMAZON_FORBIDDEN: 'retry',
  AMAZON_BAD_CREDENTIALS: 'retry',
  AMAZON_TOKEN_REFUSED: 'retry',
  AMAZON_INVALID_PARTNER_TAG: 'retry',
  AMAZON_INVALID_REQUEST: 'dead letter',
  AMAZON_API_RETIRED: 'retry',
  AMAZON_UNAVAILABLE: 'retry',
  MODEL_BAD_CREDENTIALS: 'retry',
  MODEL_QUOTA_SPENT: 'retry',
  MODEL_INVALID_REQUEST: 'dead letter',
  MODEL_THROTTLED: 'retry',
  MODEL_UNAVAILABLE: 'retry',
  MODEL_BAD_ANSWER: 'retry',
  ARTWORK_HOST_REFUSED: 'dead letter',
  ARTWORK_ADDRESS_REFUSED: 'dead letter',
  ARTWORK_TOO_LARGE: 'dead letter',
  ARTWORK_NOT_AN_IMAGE: 'dead letter',
  ARTWORK_NOT_FOUND: 'dead letter',
  ARTWORK_UNAVAILABLE: 'retry',
  STORE_UNAVAILABLE: 'retry',
  KAFKA_UNAVAILABLE: 'wait',
  REGISTRY_UNAVAILABLE: 'wait',
  DATABASE_UNAVAILABLE: 'wait',
  CONFIG_INVALID: 'retry',
  TOPIC_WRONG: 'retry',
  SCHEMA_NOT_REGISTERED: 'retry',
  TABLES_OUTDATED: 'retry',
  INTERNAL: 'retry',
} as const satisfies Record<ErrorCode, Decision>

/** Attempts at one album, the first included. */
export const ATTEMPTS = 4

/** @param attempt how many attempts have failed, counted from 1 */
export function decideRetry(code: ErrorCode, attempt: number): Decision {
  const decision = DECISIONS[code]
  return decision === 'retry' && attempt >= ATTEMPTS ? 'dead letter' : decision
}

/** How long to wait before the next attempt, in milliseconds: the server's own word, else 0.5 s, 1 s, 2 s. */
export function retryDelayMs(attempt: number, retryAfterMs: number | undefined): number {
  return retryAfterMs ?? 500 * 2 ** (attempt - 1)
}
