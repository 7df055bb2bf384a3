import { expect, test } from 'vitest'
import { ERROR_CODES, type ErrorCode } from '../../src/errors.ts'
import { ATTEMPTS, decideRetry, retryDelayMs } from '../../src/retry/decide-retry.ts'

test('every code ends somewhere: what is not waited for is a dead letter after the last attempt', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    expect(['wait', 'dead letter'], code).toContain(decideRetry(code, ATTEMPTS))
  }
})

test.each([
  ['AMAZON_UNAVAILABLE', 1, 'retry'],
  ['AMAZON_UNAVAILABLE', 3, 'retry'],
  ['AMAZON_UNAVAILABLE', 4, 'dead letter'],
  ['RECORD_INVALID', 1, 'dead letter'],
  ['DATABASE_UNAVAILABLE', 99, 'wait'],
  ['REGISTRY_UNAVAILABLE', 99, 'wait'],
] as const)('%s after %i failed attempts: %s', (code, attempt, decision) => {
  expect(decideRetry(code, attempt)).toBe(decision)
})

test('the server asked how long to wait is obeyed, else the wait doubles', () => {
  expect([1, 2, 3].map((attempt) => retryDelayMs(attempt, undefined))).toEqual([500, 1_000, 2_000])
  expect(retryDelayMs(1, 7_000)).toBe(7_000)
})
