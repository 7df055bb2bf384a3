import { expect, test } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import { Breaker, type BreakerOptions } from '../../src/holds/breaker.ts'

const NEVER = new AbortController().signal

/** One that opens with the first fault, and is not probed while the test lasts. */
const aBreaker = (changes: Partial<BreakerOptions> = {}) =>
  new Breaker({
    threshold: () => 1,
    isFault: () => true,
    firstProbeMs: 60_000,
    longestProbeMs: 60_000,
    stopping: NEVER,
    onChange: () => undefined,
    ...changes,
  })

test('faults of one caller alone do not open it, those of others do', async () => {
  const breaker = aBreaker({ threshold: () => 2 })
  const stop = new AbortController()
  const away = async () => Promise.reject(new EnrichmentError('AMAZON_UNAVAILABLE', 'away'))
  for (let tries = 0; tries < 5; tries += 1)
    await expect(breaker.run(away, stop.signal, 'one request')).rejects.toThrow('away')
  const other = breaker.run(away, stop.signal, 'another')
  await expect.poll(() => breaker.openedBy?.code).toBe('AMAZON_UNAVAILABLE')
  stop.abort(new Error('enough'))
  await expect(other).rejects.toThrow('enough')
})

test('a process that stops still calls what is there, and no longer waits for what is away', async () => {
  const stopping = new AbortController()
  const breaker = aBreaker({ stopping: stopping.signal })
  const other = aBreaker({ stopping: stopping.signal })
  const away = async () => Promise.reject(new EnrichmentError('DATABASE_UNAVAILABLE', 'away'))
  const waiting = breaker.run(away, NEVER)
  await expect.poll(() => breaker.openedBy?.code).toBe('DATABASE_UNAVAILABLE')
  stopping.abort(new Error('stopping'))
  await expect(waiting).rejects.toThrow('stopping')
  expect(await other.run(async () => 'stored', NEVER)).toBe('stored')
  await expect(other.run(away, NEVER)).rejects.toThrow('stopping')
})
