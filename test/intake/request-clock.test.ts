import { expect, test } from 'vitest'
import { RequestClock } from '../../src/intake/request-clock.ts'

test('a request is made after the tombstone before it, and nobody waits for that', () => {
  const clock = new RequestClock(() => 1_000)
  expect(clock.now()).toBe(1_000)
  expect(clock.ofTombstone()).toBe(1_000)
  expect([clock.now(), clock.now()]).toEqual([1_001, 1_001])
  expect(clock.ofTombstone()).toBe(1_001)
  expect(clock.now()).toBe(1_002)
})

test('a clock that is put back by hours changes nothing about the order', () => {
  const times = [10_000_000, 10_000_000, 1_000, 1_000, 20_000_000]
  const clock = new RequestClock(() => times.shift() ?? 0)
  const [before, tombstone, first, second, later] = [
    clock.now(),
    clock.ofTombstone(),
    clock.now(),
    clock.ofTombstone(),
    clock.now(),
  ]
  expect(before).toBeLessThanOrEqual(tombstone)
  expect(tombstone).toBeLessThan(first)
  expect(first).toBeLessThanOrEqual(second)
  expect(later).toBe(20_000_000)
})
