import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EnrichmentError } from '../../../src/errors.ts'
import type { Model } from '../../../src/model/model.ts'
import { createDependencies } from '../../../src/worker/dependencies.ts'
import { processRequest } from '../../../src/worker/request/process-request.ts'
import type { RequestContext } from '../../../src/worker/request/request-context.ts'
import { contextWith, delivery, identity, noArtwork } from '../../stack/a-request-context.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('while a request waits for the registry to tell its schema, results of others are made at once, and nobody takes it for back', async () => {
  const holds: (string | null)[] = []
  const stop = new AbortController()
  const dependencies = createDependencies((name, hold) => holds.push(hold && name), stop.signal)
  const away = () => Promise.reject(new EnrichmentError('REGISTRY_UNAVAILABLE', 'away'))
  const agreeing: Model = {
    identity,
    judge: async () => ({ verdicts: [], use: { ...identity, inputTokens: 1, outputTokens: 1 } }),
  }
  const process = (change: Partial<RequestContext['requested']>) => {
    const context = contextWith(agreeing)
    const requested = { ...context.requested, ...change }
    const enriched = { ...context.enriched, encode: async () => Buffer.from('result') }
    const collaboratorsFor: RequestContext['collaboratorsFor'] = (...given) => ({
      ...context.collaboratorsFor(...given),
      getArtwork: () => Promise.resolve(noArtwork),
    })
    return processRequest(delivery, { ...context, dependencies, requested, enriched, collaboratorsFor }, stop.signal)
  }
  const waiting = process({ needsRegistry: () => true, decode: away })
  await vi.advanceTimersByTimeAsync(100)
  expect(holds).toEqual(['registry'])
  // Longer than it takes until the next one may probe.
  const ended: unknown[] = []
  const others = Array.from({ length: 20 }, async () => ended.push(await process({})))
  await vi.advanceTimersByTimeAsync(5_000)
  expect(ended.length).toBe(20)
  expect(holds, 'what was told').toEqual(['registry'])
  await Promise.all(others)
  stop.abort()
  await expect(waiting).rejects.toBe(stop.signal.reason)
})
