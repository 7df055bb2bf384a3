import { expect, test } from 'vitest'
import { EnrichmentError, type ErrorCode } from '../../src/errors.ts'
import { Breaker, type BreakerOptions } from '../../src/holds/breaker.ts'

const NEVER = new AbortController().signal

/** One that opens with the first fault, and is not probed while the test lasts. */
const aBreaker = (changes: Partial<BreakerOptions> = {}) =>
  new Breaker({
    name: 'amazon',
    threshold: () => 1,
    isFault: () => true,
    firstProbeMs: 60_000,
    longestProbeMs: 60_000,
    stopping: NEVER,
    onChange: () => undefined,
    ...changes,
  })

test('once those who waited were sent away, the next call finds out anew', async () => {
  const changes: (ErrorCode | null)[] = []
  const breaker = aBreaker({ onChange: (open) => changes.push(open?.code ?? null) })
  const stop = new AbortController()
  const away = async () => Promise.reject(new EnrichmentError('AMAZON_UNAVAILABLE', 'away'))
  const waiting = breaker.run(away, stop.signal)
  await expect.poll(() => changes).toEqual(['AMAZON_UNAVAILABLE'])
  stop.abort(new Error('sent away'))
  await expect(waiting).rejects.toThrow('sent away')
  await breaker.reset()
  expect([breaker.openedBy, changes]).toEqual([null, ['AMAZON_UNAVAILABLE', null]])
  expect(await breaker.run(async () => 'ok', NEVER)).toBe('ok')
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
  const breaker = aBreaker({ name: 'database', stopping: stopping.signal })
  const away = async () => Promise.reject(new EnrichmentError('DATABASE_UNAVAILABLE', 'away'))
  const waiting = breaker.run(away, NEVER)
  await expect.poll(() => breaker.openedBy?.code).toBe('DATABASE_UNAVAILABLE')
  stopping.abort(new Error('stopping'))
  await expect(waiting).rejects.toThrow('stopping')
  await breaker.reset()
  expect(await breaker.run(async () => 'stored', NEVER)).toBe('stored')
  await expect(breaker.run(away, NEVER)).rejects.toThrow('stopping')
})
