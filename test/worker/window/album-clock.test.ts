import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AlbumClock } from '../../../src/worker/window/album-clock.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const MINUTE = 60_000

/** How long until the clock aborts from now on, in steps of a second; Infinity when it does not within an hour. */
function secondsLeft(clock: AlbumClock): number {
  for (let seconds = 0; seconds <= 3_600; seconds += 1) {
    if (clock.signal.aborted) return seconds
    vi.advanceTimersByTime(1_000)
  }
  return Number.POSITIVE_INFINITY
}

test('the budget runs from the first start on, and its end is an error with its code', () => {
  const clock = new AlbumClock(MINUTE)
  vi.advanceTimersByTime(2 * MINUTE)
  expect(clock.signal.aborted, 'not started').toBe(false)
  clock.start()
  vi.advanceTimersByTime(20_000)
  clock.start()
  expect(secondsLeft(clock)).toBe(40)
  expect(clock.signal.reason).toMatchObject({ code: 'ALBUM_TOO_SLOW', message: expect.stringContaining('60 s') })
})

test('it stands until the last of nested pauses has ended, as often as need be', () => {
  const clock = new AlbumClock(MINUTE)
  clock.start()
  for (let round = 0; round < 5; round += 1) {
    vi.advanceTimersByTime(10_000)
    clock.pause()
    clock.pause()
    vi.advanceTimersByTime(2 * MINUTE)
    clock.resume()
    vi.advanceTimersByTime(2 * MINUTE)
    clock.resume()
  }
  expect(secondsLeft(clock)).toBe(10)
})

test('a pause before the start counts: it runs once it is started and not paused', () => {
  const clock = new AlbumClock(MINUTE)
  clock.pause()
  clock.start()
  vi.advanceTimersByTime(2 * MINUTE)
  clock.resume()
  expect(secondsLeft(clock)).toBe(60)
})

test('it stands for good once it is disposed of', () => {
  const clock = new AlbumClock(MINUTE)
  clock.start()
  clock.dispose()
  clock.start()
  expect(secondsLeft(clock)).toBe(Number.POSITIVE_INFINITY)
  expect(vi.getTimerCount()).toBe(0)
})

test('pauses around its end do no harm; a resume too many is a fault of ours', () => {
  const clock = new AlbumClock(MINUTE)
  clock.start()
  expect(secondsLeft(clock)).toBe(60)
  clock.pause()
  clock.resume()
  expect(() => clock.resume()).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
  expect(vi.getTimerCount()).toBe(0)
})

test('it does not keep the process alive', async () => {
  vi.useRealTimers()
  const script = `
    const { AlbumClock } = await import(${JSON.stringify(new URL('../../../src/worker/window/album-clock.ts', import.meta.url))})
    new AlbumClock(3_600_000).start()`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 10_000 })
})
