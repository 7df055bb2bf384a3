import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ERROR_CODES, type ErrorCode } from '../../src/errors.ts'
import { decideRetry, type Failure, isOutage, type RetryPolicy } from '../../src/retry/decide-retry.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const TIERS = [
  { label: '1m', delayMs: MINUTE },
  { label: '10m', delayMs: 10 * MINUTE },
  { label: '6h', delayMs: 6 * HOUR },
]
const POLICY: RetryPolicy = { tiers: TIERS, deadlineMs: 72 * HOUR }
const CODES = Object.keys(ERROR_CODES) as ErrorCode[]

const decide = (failure: Partial<Failure> & { code: ErrorCode }, policy = POLICY) =>
  decideRetry({ retryAfterMs: undefined, tries: 1, slowedMs: 0, attempt: 0, ageMs: 0, ...failure }, policy)

const DEAD = { kind: 'dead letter' }
const WAIT = { kind: 'wait' }
const again = (afterMs: number) => ({ kind: 'again', afterMs, counts: true })
/** Asked to come back later, which is no try. */
const later = (afterMs: number) => ({ kind: 'again', afterMs, counts: false })
const retry = (label: string, counts = true) => ({
  kind: 'retry',
  tier: TIERS.find((tier) => tier.label === label),
  counts,
})

/** What becomes of the first failure with each code, and of the fourth. */
const TABLE: Record<ErrorCode, [object, object]> = {
  RECORD_UNDECODABLE: [DEAD, DEAD],
  SCHEMA_UNKNOWN: [DEAD, DEAD],
  RECORD_INVALID: [DEAD, DEAD],
  RECORD_TOO_LARGE: [DEAD, DEAD],
  CRASHED_DECODER: [DEAD, DEAD],
  CRASHED_WORKER: [DEAD, DEAD],
  AMAZON_THROTTLED: [later(1_000), later(8_000)],
  AMAZON_ONLY_THROTTLES: [WAIT, WAIT],
  AMAZON_DAY_SPENT: [WAIT, WAIT],
  AMAZON_NOT_ELIGIBLE: [WAIT, WAIT],
  AMAZON_FORBIDDEN: [WAIT, WAIT],
  AMAZON_BAD_CREDENTIALS: [WAIT, WAIT],
  AMAZON_TOKEN_REFUSED: [WAIT, WAIT],
  AMAZON_INVALID_PARTNER_TAG: [WAIT, WAIT],
  AMAZON_INVALID_REQUEST: [DEAD, DEAD],
  AMAZON_API_RETIRED: [WAIT, WAIT],
  AMAZON_UNAVAILABLE: [again(500), retry('1m')],
  MODEL_BAD_CREDENTIALS: [WAIT, WAIT],
  MODEL_QUOTA_SPENT: [WAIT, WAIT],
  MODEL_DAY_SPENT: [WAIT, WAIT],
  MODEL_NOT_FOUND: [WAIT, WAIT],
  MODEL_INVALID_REQUEST: [DEAD, DEAD],
  MODEL_THROTTLED: [later(1_000), later(8_000)],
  MODEL_ONLY_THROTTLES: [WAIT, WAIT],
  MODEL_UNAVAILABLE: [again(500), retry('1m')],
  MODEL_BAD_ANSWER: [again(500), retry('1m')],
  MODEL_PROMPT_REFUSED: [again(500), retry('1m')],
  MODEL_TOKENS_SPENT: [again(500), retry('1m')],
  ARTWORK_HOST_REFUSED: [DEAD, DEAD],
  ARTWORK_ADDRESS_REFUSED: [DEAD, DEAD],
  ARTWORK_TOO_LARGE: [DEAD, DEAD],
  ARTWORK_TOO_SMALL: [DEAD, DEAD],
  ARTWORK_NOT_AN_IMAGE: [DEAD, DEAD],
  ARTWORK_NOT_FOUND: [DEAD, DEAD],
  ARTWORK_UNAVAILABLE: [retry('1m'), retry('1m')],
  KAFKA_UNAVAILABLE: [WAIT, WAIT],
  KAFKA_BAD_CREDENTIALS: [WAIT, WAIT],
  KAFKA_FORBIDDEN: [WAIT, WAIT],
  KAFKA_PROTOCOL_MISMATCH: [WAIT, WAIT],
  REGISTRY_UNAVAILABLE: [WAIT, WAIT],
  DATABASE_UNAVAILABLE: [WAIT, WAIT],
  DATABASE_READ_ONLY: [WAIT, WAIT],
  DATABASE_BAD_CREDENTIALS: [WAIT, WAIT],
  DATABASE_FORBIDDEN: [WAIT, WAIT],
  DATABASE_FULL: [WAIT, WAIT],
  DATA_REFUSED: [again(500), DEAD],
  STORE_UNAVAILABLE: [retry('1m'), retry('1m')],
  CONFIG_INVALID: [WAIT, WAIT],
  TOPIC_WRONG: [WAIT, WAIT],
  SCHEMA_NOT_REGISTERED: [WAIT, WAIT],
  TABLES_OUTDATED: [WAIT, WAIT],
  DATABASE_MISSING: [WAIT, WAIT],
  FILE_UNUSABLE: [WAIT, WAIT],
  PORT_TAKEN: [WAIT, WAIT],
  STARTING: [WAIT, WAIT],
  ALBUM_TOO_SLOW: [retry('1m'), retry('1m')],
  ALBUM_FORGOTTEN: [WAIT, WAIT],
  LANE_LOST: [WAIT, WAIT],
  INTERNAL: [again(500), retry('1m')],
}

test.each(CODES)('%s: the first failure and the fourth', (code) => {
  expect([decide({ code, tries: 1 }), decide({ code, tries: 4, slowedMs: 7_000 })]).toEqual(TABLE[code])
})

test('an outage is a server that is away or an account that is refused, not a lost lane or a wrong set-up', () => {
  const waiting = CODES.filter((code) => TABLE[code][0] === WAIT)
  const refusals = ['KAFKA_BAD_CREDENTIALS', 'KAFKA_FORBIDDEN', 'KAFKA_PROTOCOL_MISMATCH']
  const setUp = ['CONFIG_INVALID', 'TOPIC_WRONG', 'SCHEMA_NOT_REGISTERED', 'TABLES_OUTDATED', 'DATABASE_MISSING']
  const others = [...refusals, ...setUp, 'FILE_UNUSABLE', 'PORT_TAKEN', 'STARTING', 'ALBUM_FORGOTTEN', 'LANE_LOST']
  expect(CODES.filter(isOutage)).toEqual(waiting.filter((code) => !others.includes(code)))
})

describe('a failure that passes', () => {
  const code = 'AMAZON_UNAVAILABLE'

  test('gets three quick tries, each after a longer pause, and on every hop anew', () => {
    for (const attempt of [0, 1, 7]) {
      const pauses = [1, 2, 3].map((tries) => decide({ code, tries, attempt }))
      expect(pauses).toEqual([again(500), again(1_000), again(2_000)])
    }
  })

  test('goes through the tiers, and through the last one until the deadline', () => {
    const outcome = (attempt: number, ageMs: number) => decide({ code, tries: 4, attempt, ageMs })
    expect([0, 1, 2, 3, 9].map((attempt) => outcome(attempt, 0))).toEqual(
      ['1m', '10m', '6h', '6h', '6h'].map((label) => retry(label)),
    )
    expect(outcome(3, 72 * HOUR - 1)).toEqual(retry('6h'))
    expect(outcome(3, 72 * HOUR)).toEqual(DEAD)
    expect(outcome(2, 500 * HOUR), 'not every tier was tried').toEqual(retry('6h'))
  })

  test('waits a short hint out in place and a long one in a tier that is long enough', () => {
    expect(decide({ code, retryAfterMs: 100 })).toEqual(again(500))
    expect(decide({ code, retryAfterMs: 1_500 })).toEqual(again(1_500))
    expect(decide({ code, retryAfterMs: 30_000 })).toEqual(retry('1m'))
    expect(decide({ code, retryAfterMs: 2 * MINUTE })).toEqual(retry('10m'))
    expect(decide({ code, retryAfterMs: 90 * HOUR })).toEqual(retry('6h'))
  })
})

describe('a server that asks to slow down', () => {
  const code = 'MODEL_THROTTLED'
  const old = { attempt: 9, ageMs: 900 * HOUR }

  test('is obeyed however often it does, and it counts as nothing; without a hint the pause grows', () => {
    expect(decide({ code, retryAfterMs: 7_000, ...old })).toEqual(later(7_000))
    expect([0, 1_000, 3_000, 7_000].map((slowedMs) => decide({ code, slowedMs }))).toEqual(
      [1_000, 2_000, 4_000, 8_000].map((ms) => later(ms)),
    )
    expect(decide({ code, retryAfterMs: HOUR, ...old })).toEqual(retry('6h', false))
    expect(decide({ code, retryAfterMs: 0 }), 'never at once').toEqual(later(1_000))
  })

  test.each([undefined, 1_000, 20_000, MINUTE])('frees the lane within a minute of waits (%s ms)', (retryAfterMs) => {
    let slowedMs = 0
    let next = decide({ code, retryAfterMs, ...old, attempt: 0 })
    while (next.kind === 'again') {
      slowedMs += next.afterMs
      expect(slowedMs).toBeLessThanOrEqual(MINUTE)
      next = decide({ code, retryAfterMs, slowedMs, ...old, attempt: 0 })
    }
    expect(next).toEqual(retry('1m', false))
    expect(slowedMs).toBeGreaterThanOrEqual(MINUTE / 2)
  })

  test('is not asked thousands of times though it says milliseconds', () => {
    let slowedMs = 0
    let asked = 0
    for (let next = decide({ code, retryAfterMs: 20 }); next.kind === 'again'; asked += 1) {
      slowedMs += next.afterMs
      next = decide({ code, retryAfterMs: 20, slowedMs })
    }
    expect(asked).toBeLessThan(30)
  })

  test('is waited for in place where there is no tier', () => {
    const none = { ...POLICY, tiers: [] }
    expect(decide({ code, retryAfterMs: HOUR }, none)).toEqual(later(60_000))
    expect(decide({ code, slowedMs: HOUR }, none)).toEqual(later(60_000))
  })
})

const failures = fc.record({
  code: fc.constantFrom(...CODES),
  retryAfterMs: fc.option(fc.nat(100 * HOUR), { nil: undefined }),
  tries: fc.integer({ min: 1, max: 2_000 }),
  slowedMs: fc.nat(2 * MINUTE),
  attempt: fc.nat(40),
  ageMs: fc.nat(200 * HOUR),
})
const policies = fc.record({
  tiers: fc
    .uniqueArray(fc.integer({ min: 1, max: 24 * HOUR }), { maxLength: 6 })
    .map((delays) => delays.sort((a, b) => a - b).map((delayMs) => ({ label: `${delayMs}ms`, delayMs }))),
  deadlineMs: fc.nat(100 * HOUR),
})
const property = (judge: (failure: Failure, policy: RetryPolicy) => void) =>
  fc.assert(fc.property(failures, policies, judge), { numRuns: 2_000 })

describe('whatever the failure and the policy', () => {
  test('it ends in one of the four decisions, with a pause that is a time or a tier that there is', () => {
    property((failure, policy) => {
      const decision = decideRetry(failure, policy)
      expect(['again', 'retry', 'dead letter', 'wait']).toContain(decision.kind)
      if (decision.kind === 'again') expect(decision.afterMs).toBeGreaterThan(0)
      if (decision.kind === 'retry') expect(policy.tiers).toContain(decision.tier)
    })
  })

  test('a pause is never shorter than the hint, and a tier only when no longer one is ahead', () => {
    property((failure, policy) => {
      const { retryAfterMs: hintMs = 0 } = failure
      const decision = decideRetry(failure, policy)
      // Only where there is no tier at all is a long hint cut.
      const longestMs = policy.tiers.length === 0 ? MINUTE : hintMs
      if (decision.kind === 'again') expect(decision.afterMs).toBeGreaterThanOrEqual(Math.min(hintMs, longestMs))
      if (decision.kind !== 'retry' || decision.tier.delayMs >= hintMs) return
      expect(policy.tiers.filter(({ delayMs }) => delayMs >= hintMs)).toEqual([])
    })
  })

  test('what may pass is given up only when it is too old and was in as many tiers as there are', () => {
    property((failure, policy) => {
      const isBad = TABLE[failure.code].includes(DEAD)
      if (isBad || decideRetry(failure, policy).kind !== 'dead letter') return
      expect(failure.attempt).toBeGreaterThanOrEqual(policy.tiers.length)
      if (policy.tiers.length > 0) expect(failure.ageMs).toBeGreaterThanOrEqual(policy.deadlineMs)
    })
  })

  test('a request that fails for ever goes through every tier in order and then ends', () => {
    fc.assert(
      fc.property(policies, ({ tiers, deadlineMs }) => {
        const policy = { tiers, deadlineMs: Math.min(deadlineMs, 50 * (tiers.at(-1)?.delayMs ?? 0)) }
        const seen: string[] = []
        let ageMs = 0
        for (let attempt = 0; ; attempt += 1) {
          const decision = decide({ code: 'INTERNAL', tries: 4, attempt, ageMs }, policy)
          if (decision.kind !== 'retry') {
            expect(decision).toEqual(DEAD)
            break
          }
          seen.push(decision.tier.label)
          ageMs += decision.tier.delayMs
        }
        expect([...new Set(seen)]).toEqual(tiers.map(({ label }) => label))
      }),
    )
  })
})
