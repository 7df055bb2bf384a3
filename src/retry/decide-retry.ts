import type { ErrorCode } from '../errors.ts'
import type { RetryTier } from '../retry-delays.ts'
import { chooseTier } from './retry-tiers.ts'

export interface Failure {
  code: ErrorCode
  /** The server's own word how long to wait, in milliseconds. */
  retryAfterMs: number | undefined
  /** Tries of this attempt that failed, this one included; from 1. */
  tries: number
  /** How long it has waited here before because servers asked it to come later, in milliseconds. */
  slowedMs: number
  /** Hops through retry topics so far, without those that a wish to be asked later was the reason for. */
  attempt: number
  /** Milliseconds since the request's first failure, time spent waiting in the lane left out. */
  ageMs: number
}

export interface RetryPolicy {
  /** Shortest first. */
  tiers: readonly RetryTier[]
  /** How long the last tier repeats, counted like a failure's age. */
  deadlineMs: number
}

/**
 * - again: the same request once more, here, after a pause; `counts` as a try unless it was asked to come later
 * - retry: through the topic of a retry tier; `counts` in the same way
 * - dead letter: given up
 * - wait: for a hold or a breaker to deal with; the request counts no try, no attempt and no age for it
 */
export type Decision =
  | { kind: 'again'; afterMs: number; counts: boolean }
  | { kind: 'retry'; tier: RetryTier; counts: boolean }
  | { kind: 'dead letter' }
  | { kind: 'wait' }

/**
 * - bad record: trying again would fail again
 * - passing: a few quick tries in place, then the next retry tier
 * - refused: a few quick tries in place, and then it is given up: no retry topic mends it
 * - passing slowly: nothing that goes by within seconds, so the next retry tier at once
 * - slow down: asked to come back later, which is no failure of the request however often it happens; in more than a
 *   minute altogether, it does so through a retry tier
 * - dependency: a server that every request needs is away
 * - account: Amazon or the model host refuses the account, whatever the request
 * - set-up: this deployment is put together wrongly
 * - lost: somebody else has the work
 */
type Kind =
  | 'bad record'
  | 'passing'
  | 'refused'
  | 'passing slowly'
  | 'slow down'
  | 'dependency'
  | 'account'
  | 'set-up'
  | 'lost'

/** What kind of failure a code is. A code without a row does not compile. */
const KINDS = {
  RECORD_UNDECODABLE: 'bad record',
  SCHEMA_UNKNOWN: 'bad record',
  RECORD_INVALID: 'bad record',
  RECORD_TOO_LARGE: 'bad record',
  CRASHED_DECODER: 'bad record',
  CRASHED_WORKER: 'bad record',
  // The client waits for its turn by itself; a 429 gets here only when it gives up on that.
  AMAZON_THROTTLED: 'slow down',
  AMAZON_ONLY_THROTTLES: 'account',
  AMAZON_DAY_SPENT: 'account',
  AMAZON_NOT_ELIGIBLE: 'account',
  AMAZON_FORBIDDEN: 'account',
  AMAZON_BAD_CREDENTIALS: 'account',
  AMAZON_TOKEN_REFUSED: 'account',
  AMAZON_INVALID_PARTNER_TAG: 'account',
  AMAZON_INVALID_REQUEST: 'bad record',
  AMAZON_API_RETIRED: 'account',
  // One failure alone may be this request's; a breaker sees when it is everybody's.
  AMAZON_UNAVAILABLE: 'passing',
  MODEL_BAD_CREDENTIALS: 'account',
  MODEL_QUOTA_SPENT: 'account',
  MODEL_DAY_SPENT: 'account',
  MODEL_NOT_FOUND: 'account',
  MODEL_INVALID_REQUEST: 'bad record',
  MODEL_THROTTLED: 'slow down',
  MODEL_ONLY_THROTTLES: 'account',
  MODEL_UNAVAILABLE: 'passing',
  // These leave what they were asked about open, and get here only where nobody made that of them.
  MODEL_PROMPT_REFUSED: 'passing',
  MODEL_BAD_ANSWER: 'passing',
  MODEL_TOKENS_SPENT: 'passing',
  ARTWORK_HOST_REFUSED: 'bad record',
  ARTWORK_ADDRESS_REFUSED: 'bad record',
  ARTWORK_TOO_LARGE: 'bad record',
  ARTWORK_TOO_SMALL: 'bad record',
  ARTWORK_NOT_AN_IMAGE: 'bad record',
  ARTWORK_NOT_FOUND: 'bad record',
  // Artwork never holds up the lane: only a request for nothing but artwork fails with these two, and is never given up for them.
  ARTWORK_UNAVAILABLE: 'passing slowly',
  STORE_UNAVAILABLE: 'passing slowly',
  KAFKA_UNAVAILABLE: 'dependency',
  KAFKA_BAD_CREDENTIALS: 'set-up',
  KAFKA_FORBIDDEN: 'set-up',
  KAFKA_PROTOCOL_MISMATCH: 'set-up',
  REGISTRY_UNAVAILABLE: 'dependency',
  DATABASE_UNAVAILABLE: 'dependency',
  DATABASE_READ_ONLY: 'dependency',
  DATABASE_BAD_CREDENTIALS: 'dependency',
  DATABASE_FORBIDDEN: 'dependency',
  DATABASE_FULL: 'dependency',
  DATA_REFUSED: 'refused',
  CONFIG_INVALID: 'set-up',
  TOPIC_WRONG: 'set-up',
  SCHEMA_NOT_REGISTERED: 'set-up',
  TABLES_OUTDATED: 'set-up',
  DATABASE_MISSING: 'set-up',
  FILE_UNUSABLE: 'set-up',
  PORT_TAKEN: 'set-up',
  STARTING: 'set-up',
  // Its budget is gone, and quick tries would keep the albums behind it waiting for as long again.
  ALBUM_TOO_SLOW: 'passing slowly',
  ALBUM_FORGOTTEN: 'lost',
  LANE_LOST: 'lost',
  INTERNAL: 'passing',
} as const satisfies Record<ErrorCode, Kind>

const QUICK_TRIES_MS = [500, 1_000, 2_000]
/** A request that is to wait longer than this does it in a retry topic, not in the lane's way. */
const LONGEST_QUICK_MS = 2_000

const FIRST_SLOW_DOWN_MS = 1_000
const LONGEST_SLOW_DOWN_MS = 60_000

/** What becomes of a request that failed. Pure, and total: every failure ends somewhere. */
export function decideRetry(failure: Failure, policy: RetryPolicy): Decision {
  switch (KINDS[failure.code]) {
    case 'bad record':
      return { kind: 'dead letter' }
    case 'slow down':
      return comeLater(failure, policy)
    case 'passing':
      return quickTry(failure) ?? retryLater(failure, policy)
    case 'refused':
      return quickTry(failure) ?? { kind: 'dead letter' }
    case 'passing slowly':
      return retryLater(failure, policy)
    case 'dependency':
    case 'account':
    case 'set-up':
    case 'lost':
      return { kind: 'wait' }
  }
}

/** Whether a failure that is waited for says that a dependency is away or refuses the account: no request can do better. */
export function isOutage(code: ErrorCode): boolean {
  return KINDS[code] === 'dependency' || KINDS[code] === 'account'
}

/** Whether requests that failed with this code may go through a retry topic. */
export function isRetried(code: ErrorCode): boolean {
  return ['passing', 'passing slowly', 'slow down'].includes(KINDS[code])
}

function quickTry({ retryAfterMs = 0, tries }: Failure): Decision | undefined {
  const delayMs = QUICK_TRIES_MS[tries - 1]
  if (delayMs === undefined || retryAfterMs > LONGEST_QUICK_MS) return undefined
  return { kind: 'again', afterMs: Math.max(delayMs, retryAfterMs), counts: true }
}

/** The next tier. Age alone ends nothing: a deadline shorter than the tiers together still leaves one try to each. */
function retryLater({ attempt, ageMs, retryAfterMs }: Failure, { tiers, deadlineMs }: RetryPolicy): Decision {
  const wasEverywhere = attempt >= tiers.length
  if (wasEverywhere && (ageMs >= deadlineMs || tiers.length === 0)) return { kind: 'dead letter' }
  return { kind: 'retry', tier: chooseTier(tiers, attempt, retryAfterMs), counts: true }
}

/**
 * In place, unless all its waits together are so long that they would hold up what is finished behind it. Without a hint it
 * waits as long as it has waited before, and a second more; with hints of milliseconds half as long, or it would ask thousands
 * of times.
 */
function comeLater({ attempt, slowedMs, retryAfterMs = 0 }: Failure, { tiers }: RetryPolicy): Decision {
  const waitMs = retryAfterMs > 0 ? Math.max(retryAfterMs, Math.ceil(slowedMs / 2)) : slowedMs + FIRST_SLOW_DOWN_MS
  if (slowedMs + waitMs > LONGEST_SLOW_DOWN_MS && tiers.length > 0)
    return { kind: 'retry', tier: chooseTier(tiers, attempt, retryAfterMs), counts: false }
  return { kind: 'again', afterMs: Math.min(waitMs, LONGEST_SLOW_DOWN_MS), counts: false }
}
