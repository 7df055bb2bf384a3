import type { CrashMarks } from '../../src/db/crash-marks.ts'
import { type ArtworkRecord, NOTHING_EARLIER } from '../../src/enrich/earlier.ts'
import { DeadLetterLimit } from '../../src/holds/dead-letter-limit.ts'
import { createLogger } from '../../src/log.ts'
import type { Model } from '../../src/model/model.ts'
import { createDependencies } from '../../src/worker/dependencies.ts'
import type { Job } from '../../src/worker/ledger/job.ts'
import type { Ledger } from '../../src/worker/ledger/ledger.ts'
import { modelFor } from '../../src/worker/request/paid-calls.ts'
import type { RequestContext } from '../../src/worker/request/request-context.ts'
import { ExclusiveGate } from '../../src/worker/window/exclusive-gate.ts'
import { KeyedMutex } from '../../src/worker/window/keyed-mutex.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'
import { aDelivery } from './a-delivery.ts'

const album = sampleAlbum('Nevermind', ['Nirvana'])
const requestId = '5f0c5d3e-0a3f-4b7e-9a5e-0d7f0f1f2a3b'
export const request = {
  requestId,
  reason: 'imported' as const,
  stages: ['search' as const, 'match' as const],
  album,
  requestedAt: 0,
  source: null,
}
export const delivery = aDelivery()
export const noArtwork: ArtworkRecord = {
  ...{ status: 'none', asin: null, url: null, key: null, width: null, height: null },
  ...{ bytes: null, errorCode: null, errorMessage: null },
}
export const identity = { name: 'stand-in', promptVersion: '1' }

/** A request whose search was paid for and stored before, so that it asks the model and nobody else. */
export function contextWith(
  model: Model,
  opened: { attempt?: number; failures?: Job['failures']; lastFinishedAt?: number } = {},
): RequestContext {
  const { signal: stopping } = new AbortController()
  const dependencies = createDependencies(() => undefined, stopping)
  const lease = { isConfirmed: true, confirmed: () => Promise.resolve() }
  const notAsked = () => Promise.reject(new Error('not asked for'))
  const codec = {
    encode: notAsked,
    tryApart: notAsked,
    decode: () => Promise.resolve(request as never),
    needsRegistry: () => false,
  }
  const job: Job = {
    requestId,
    claim: { run: 1, attempt: opened.attempt ?? 0, source: delivery },
    album,
    startedAt: 0,
    answers: { 'search.fields': [sampleProduct('Nevermind', 'Nirvana')] },
    earlier: NOTHING_EARLIER,
    lastFinishedAt: opened.lastFinishedAt ?? 0,
    failures: opened.failures ?? [],
    modelCalls: [],
    waitedMs: 0,
    deaths: 0,
  }
  const saved = () => Promise.resolve()
  const open = () => Promise.resolve({ kind: 'work', job })
  return {
    topics: { enriched: 'album.enriched', dead: 'dead', retry: { '1m': 'retry.1m' } },
    requested: codec,
    enriched: codec,
    ledger: {
      open,
      begin: saved,
      saveAnswer: saved,
      saveFailures: saved,
      decide: saved,
    } as unknown as Ledger,
    marks: {
      judge: () => null,
      isSuspect: () => false,
      touch: (_places: object, work: () => unknown) => work(),
    } as unknown as CrashMarks,
    dependencies,
    retryPolicy: { tiers: [{ label: '1m', delayMs: 60_000 }], deadlineMs: 0 },
    albums: new KeyedMutex(),
    gate: new ExclusiveGate(),
    flood: new DeadLetterLimit(20, () => undefined),
    collaboratorsFor: (_, clock) => ({
      marketplace: 'www.amazon.ca',
      hasMusicIndex: true,
      amazon: { getItems: notAsked, searchItems: notAsked },
      model: modelFor(model, { lease, dependencies, requestId, clock }, () => undefined),
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
