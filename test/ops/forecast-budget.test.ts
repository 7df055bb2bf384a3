import { expect, test } from 'vitest'
import { forecastBudget } from '../../src/ops/forecast-budget.ts'

const HOUR = 3_600_000
const NOW = Date.parse('2026-11-28T12:00:00Z')
const account = (changes: object) => ({
  perSecond: 1,
  perDay: 8_640,
  dayUsed: 0,
  dayEndsAt: new Date(NOW + 12 * HOUR),
  speed: 1,
  ...changes,
})

test('what is left of the day, when it is over, and when it is spent if it goes on like this', () => {
  expect(forecastBudget(account({ dayUsed: 6_480 }), 0, null, NOW)).toMatchObject({
    used: 6_480,
    remaining: 2_160,
    resetsAt: '2026-11-29T00:00:00.000Z',
    spentAt: '2026-11-28T16:00:00.000Z',
    backlogDoneAt: null,
  })
  expect(forecastBudget(account({ dayUsed: 4_000 }), 0, null, NOW)?.spentAt, 'they last').toBeNull()
  expect(forecastBudget(account({ dayUsed: 8_640 }), 0, null, NOW)?.spentAt, 'spent already').toBe(
    '2026-11-28T12:00:00.000Z',
  )
})

test('a day that is over leaves the whole of the next, which begins with the next request', () => {
  const over = account({ dayUsed: 8_640, dayEndsAt: new Date(NOW - 1) })
  expect(forecastBudget(over, null, null, NOW)).toMatchObject({
    used: 0,
    remaining: 8_640,
    resetsAt: null,
    spentAt: null,
  })
})

test.each([
  [3_600, '2026-11-28T13:00:00.000Z', 'today, at the rate'],
  [8_640 + 3_600, '2026-11-29T01:00:00.000Z', 'the rest tomorrow'],
  [8_640 * 11 + 3_600, '2026-12-09T01:00:00.000Z', 'a day for each 8,640'],
  [8_640 * 2, '2026-11-29T02:24:00.000Z', 'the last of a day, not the first of the next'],
])('%i albums that wait are through at %s: %s', (waiting, at) => {
  expect(forecastBudget(account({}), waiting, null, NOW)?.backlogDoneAt).toBe(at)
})

test('a budget that the rate cannot spend in a day is no limit', () => {
  const fast = account({ perDay: 1_000_000, perSecond: 1, dayEndsAt: new Date(NOW + HOUR) })
  expect(forecastBudget(fast, 1_100_000, null, NOW)?.backlogDoneAt).toBe(new Date(NOW + 1_100_000_000).toISOString())
})

test('nothing is known of an account before its first booking', () => {
  expect(forecastBudget(account({ perDay: null }), 5, null, NOW)).toBeNull()
})

test('a lane that was asked to slow down takes longer, and one that stands still has no end', () => {
  expect(forecastBudget(account({ speed: 0.5 }), 3_600, null, NOW)?.backlogDoneAt).toBe('2026-11-28T14:00:00.000Z')
  const stopped = { backlogDoneAt: null, backlogStoppedBy: 'the lane is paused' }
  expect(forecastBudget(account({}), 3_600, 'the lane is paused', NOW)).toMatchObject(stopped)
  expect(forecastBudget(account({}), 0, 'the lane is paused', NOW)?.backlogStoppedBy, 'none waits').toBeNull()
})
