import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NOTHING_EARLIER } from '../../src/enrich/earlier.ts'
import { EnrichmentError } from '../../src/errors.ts'
import { createLogger } from '../../src/log.ts'
import type { Model } from '../../src/model/model.ts'
import { Flood } from '../../src/retry/flood.ts'
import { ByKey } from '../../src/worker/by-key.ts'
import { createDependencies } from '../../src/worker/dependencies.ts'
import type { Job } from '../../src/worker/ledger/job.ts'
import type { Ledger } from '../../src/worker/ledger/ledger.ts'
import { modelFor } from '../../src/worker/paid-calls.ts'
import { processRequest } from '../../src/worker/process-request.ts'
import type { RequestContext } from '../../src/worker/request-context.ts'
import { Solo } from '../../src/worker/solo.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

// The pauses between tries take time of the same clock.
vi.mock('node:timers/promises', () => ({ setTimeout: (ms: number) => vi.advanceTimersByTimeAsync(ms) }))

const album = sampleAlbum('Nevermind', ['Nirvana'])
const requestId = '5f0c5d3e-0a3f-4b7e-9a5e-0d7f0f1f2a3b'
const request = {
  requestId,
  reason: 'imported' as const,
  stages: ['search' as const, 'match' as const],
  album,
  requestedAt: 0,
  source: null,
}
const delivery = {
  topic: 'album.enrichment',
  partition: 0,
  offset: 1n,
  nextOffset: 2n,
  timestamp: 0,
  key: Buffer.from('1'),
  value: Buffer.from('request'),
  headers: {},
}

/** A request whose search was paid for and stored before, so that it asks the model and nobody else. */
function contextWith(model: Model): RequestContext {
  const { signal: stopping } = new AbortController()
  const dependencies = createDependencies(() => undefined, stopping)
  const possession = { isConfirmed: true, confirmed: () => Promise.resolve() }
  const notAsked = () => Promise.reject(new Error('not asked for'))
  const codec = { encode: notAsked, decode: () => Promise.resolve(request as never) }
  const job: Job = {
    requestId,
    claim: { run: 1, attempt: 0, source: delivery },
    album,
    startedAt: 0,
    answers: { 'search.fields': [sampleProduct('Nevermind', 'Nirvana')] },
    linkedAsins: [],
    earlier: NOTHING_EARLIER,
    failures: [],
    waitedMs: 0,
    deaths: 0,
  }
  const saved = () => Promise.resolve()
  const open = () => Promise.resolve({ kind: 'work', job })
  return {
    topics: { enriched: 'album.enriched', dead: 'dead', retry: { '1m': 'retry.1m' } },
    requested: codec,
    enriched: codec,
    ledger: { open, begin: saved, saveAnswer: saved, saveFailures: saved, decide: saved } as unknown as Ledger,
    dependencies,
    retryPolicy: { tiers: [{ label: '1m', delayMs: 60_000 }], deadlineMs: 0 },
    albums: new ByKey(),
    solo: new Solo(),
    flood: new Flood(20, () => undefined),
    collaboratorsFor: (_, clock) => ({
      marketplace: 'www.amazon.ca',
      hasMusicIndex: true,
      amazon: { getItems: notAsked, searchItems: notAsked },
      model: modelFor(model, { possession, dependencies, requestId, clock }, () => undefined),
      modelUse: 'always',
      findEarlier: notAsked,
      getArtwork: notAsked,
    }),
    turn: Promise.resolve(),
    onBegun: () => undefined,
    stopping,
    log: createLogger('silent'),
  }
}

test('an album has sixty seconds for all its quick tries together, pauses left out, also when its search is stored', async () => {
  const spent: number[] = []
  const model: Model = {
    identity: { name: 'stand-in', promptVersion: '1' },
    async judge(_album, _products, signal) {
      const from = performance.now()
      const end = () => spent.push(performance.now() - from)
      signal.addEventListener('abort', end, { once: true })
      await vi.advanceTimersByTimeAsync(29_000)
      signal.throwIfAborted()
      signal.removeEventListener('abort', end)
      end()
      throw new EnrichmentError('MODEL_BAD_ANSWER', 'rubbish')
    },
  }
  const { records } = await processRequest(delivery, contextWith(model), new AbortController().signal)
  expect(spent).toEqual([29_000, 29_000, 2_000])
  expect(records).toMatchObject([{ topic: 'retry.1m', headers: { 'enricher-error-code': 'ALBUM_TOO_SLOW' } }])
})
