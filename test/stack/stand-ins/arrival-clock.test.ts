import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRateMeter } from './amazon-rate.ts'
import { watchArrivals } from './arrival-clock.ts'

const STANDSTILL_MS = 60

function standStill(): number {
  const from = performance.now()
  while (performance.now() - from < STANDSTILL_MS);
  return from
}

test('what is read soon after a standstill may have come at its beginning', async () => {
  const arrivals = watchArrivals()
  await sleep(10)
  const rings = sleep(1)
  const from = standStill()
  expect(arrivals.earliest(performance.now())).toBeLessThanOrEqual(from)
  await rings
  expect(arrivals.earliest(performance.now())).toBeLessThanOrEqual(from)
  // A new connection is taken in one turn of the loop, and read in another.
  await sleep(7)
  expect(arrivals.earliest(performance.now())).toBeLessThanOrEqual(from)
  arrivals.close()
})

test('a request in its time is not early because the one before it was read late', () => {
  const rate = createRateMeter(10)
  expect(rate.admit(1_041, 1_000)).toBe('accepted')
  expect(rate.admit(1_100, 1_100)).toBe('accepted')
  // The standstill of another request excuses nothing.
  expect(rate.admit(1_180, 1_150)).toBe('early')
  expect(rate.admit(1_189, 1_189)).toBe('early')
  expect(rate.admit(1_190, 1_190)).toBe('accepted')
})
