import { expect, test } from 'vitest'
import { RequestClock } from '../../src/intake/request-clock.ts'

/** A clock that PostgreSQL's answers reach after `wayMs`, and how to let time pass. */
function aClock(wayMs = 0) {
  let elapsed = 0
  const clock = new RequestClock(() => elapsed)
  return {
    clock,
    wait: (ms: number) => {
      elapsed += ms
    },
    follow: (now: number, lastForgottenAt = 0) =>
      clock.follow(async () => {
        elapsed += wayMs
        return { now, lastForgottenAt }
      }),
  }
}

test("it tells PostgreSQL's time, and goes on by itself until it is told another", async () => {
  const { clock, wait, follow } = aClock()
  expect(clock.isSet).toBe(false)
  expect(() => clock.now()).toThrow('not set')
  await follow(10_000_000.7)
  expect([clock.isSet, clock.now()]).toEqual([true, 10_000_000])
  wait(60_000)
  expect(clock.now()).toBe(10_060_000)
  await follow(10_059_500)
  expect(clock.now()).toBe(10_059_500)
  await expect(clock.follow(() => Promise.reject(new Error('away')))).rejects.toThrow('away')
  wait(1)
  expect(clock.now()).toBe(10_059_501)
})

test('an answer that is long on its way leaves it ahead, and never behind', async () => {
  const { clock, follow } = aClock(300)
  await follow(10_000)
  expect(clock.now()).toBe(10_300)
})

test('a request is made after all that was forgotten, its own tombstones included, and nobody waits for that', async () => {
  const { clock, wait, follow } = aClock()
  await follow(1_000, 5_000.9)
  expect([clock.now(), clock.now()]).toEqual([5_001, 5_001])
  clock.pass(5_001.2)
  expect(clock.now()).toBe(5_002)
  clock.pass(2_000)
  expect(clock.now()).toBe(5_002)
  wait(9_000)
  expect(clock.now()).toBe(10_000)
  await follow(3_000)
  expect(clock.now(), 'put back').toBe(5_002)
})
