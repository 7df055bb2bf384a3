import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseTier } from '../../src/retry/retry-tiers.ts'
import { parseRetryDelays } from '../../src/retry-delays.ts'

const tiers = parseRetryDelays('1m,10m,1h,6h') ?? []

test.each([
  [0, undefined, '1m'],
  [1, undefined, '10m'],
  [3, undefined, '6h'],
  [4, undefined, '6h'],
  [99, undefined, '6h'],
  [0, 60_000, '1m'],
  [0, 60_001, '10m'],
  [2, 1, '1h'],
  [0, 86_400_000, '6h'],
])('attempt %i with the hint %s waits %s', (attempt, hintMs, label) => {
  expect(chooseTier(tiers, attempt, hintMs).label).toBe(label)
})

test('whatever the attempt and the hint, the tier is long enough or the last, and none before the attempt is taken', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(100_000_000), (attempt, hintMs) => {
      const tier = chooseTier(tiers, attempt, hintMs)
      expect(tier === tiers.at(-1) || tier.delayMs >= hintMs).toBe(true)
      expect(tiers.indexOf(tier)).toBeGreaterThanOrEqual(Math.min(attempt, tiers.length - 1))
    }),
  )
})
