import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CrashMarks } from '../../../src/db/crash-marks.ts'
import { EnrichmentError } from '../../../src/errors.ts'
import type { AlbumEnriched } from '../../../src/events.ts'
import type { Logger } from '../../../src/log.ts'
import type { Model } from '../../../src/model/model.ts'
import { processRequest } from '../../../src/worker/request/process-request.ts'
import type { RequestContext } from '../../../src/worker/request/request-context.ts'
import { contextWith, delivery, identity, noArtwork, request } from '../../stack/a-request-context.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

// The pauses between tries take time of the same clock.
vi.mock('node:timers/promises', () => ({ setTimeout: (ms: number) => vi.advanceTimersByTimeAsync(ms) }))

test('a record that was in hand at a death is decoded apart before it is marked, so that no other death counts against it', async () => {
  const context = contextWith({ identity, judge: () => Promise.reject(new Error('not asked for')) })
  const apart = Promise.withResolvers<void>()
  const calls: string[] = []
  const tryApart = () => {
    calls.push('apart')
    return apart.promise
  }
  const decode = () => {
    calls.push('here')
    return Promise.reject(new EnrichmentError('RECORD_UNDECODABLE', 'no Avro'))
  }
  const touch = (_places: object, work: () => unknown) => {
    calls.push('marked')
    return work()
  }
  const marks = { ...context.marks, isSuspect: () => true, touch } as unknown as CrashMarks
  const requested = { ...context.requested, tryApart, decode }
  const processing = processRequest(delivery, { ...context, marks, requested }, new AbortController().signal)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(calls).toEqual(['apart'])
  apart.resolve()
  expect((await processing).records).toMatchObject([{ topic: 'dead' }])
  expect(calls).toEqual(['apart', 'marked', 'here'])
})

test('an album has sixty seconds for all its quick tries together, pauses left out, also when its search is stored', async () => {
  const spent: number[] = []
  const model: Model = {
    identity,
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

const throttling: Model = {
  identity,
  judge: () => Promise.reject(new EnrichmentError('MODEL_THROTTLED', 'later', { retryAfterMs: 90_000 })),
}
const failing: Model = {
  identity,
  judge: () => Promise.reject(new EnrichmentError('MODEL_UNAVAILABLE', 'status 500')),
}

/** What the headers of a copy say when it is delivered. */
const delivered = (headers: Record<string, unknown> = {}) => ({
  ...delivery,
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(String(value))])),
})

test('however often the model asks to come later, the first real failure has all its retries before it', async () => {
  const { signal } = new AbortController()
  let headers: Record<string, unknown> = {}
  for (let hop = 1; hop <= 13; hop += 1) {
    const context = contextWith(throttling, { attempt: hop - 1 })
    const [record] = (await processRequest(delivered(headers), context, signal)).records
    expect(record).toMatchObject({ topic: 'retry.1m' })
    headers = record?.headers as Record<string, unknown>
    expect(headers).toMatchObject({ 'enricher-attempt': String(hop), 'enricher-uncounted': String(hop) })
  }
  const failed = await processRequest(delivered(headers), contextWith(failing, { attempt: 13 }), signal)
  // With the one tier there is, a fourteenth that counted would be the end.
  expect(failed.records).toMatchObject([
    { topic: 'retry.1m', headers: { 'enricher-attempt': '14', 'enricher-uncounted': '13' } },
  ])
})

test('a model that asks to come later on and on does not stop the lane: after a minute the album leaves it, uncounted', async () => {
  const told: string[] = []
  const givenUp = new AbortController()
  let asked = 0
  const judge = () => {
    asked += 1
    if (asked === 10) givenUp.abort(new Error('it would be asked for ever'))
    return Promise.reject(new EnrichmentError('MODEL_THROTTLED', 'later', { retryAfterMs: 20_000 }))
  }
  const log = { info: (_fields: object, line: string) => told.push(line) } as unknown as Logger
  const from = Date.now()
  const context = { ...contextWith({ identity, judge }), log }
  const { records } = await processRequest(delivery, context, givenUp.signal)
  expect(records).toMatchObject([{ topic: 'retry.1m', headers: { 'enricher-uncounted': '1' } }])
  expect([asked, Date.now() - from]).toEqual([4, 60_000])
  expect(told).toEqual(['album enrichment started', 'album waits as it was asked to', 'album will be asked for later'])
})

test('the time that a server wished for adds nothing to the age of a request that has failed before', async () => {
  const { signal } = new AbortController()
  const at = new Date(Date.now() - 10_000).toISOString()
  const failures = [{ attempt: 1, hops: 0, at, stage: 'match', code: 'MODEL_UNAVAILABLE', message: 'status 500' }]
  const now = Date.now()
  const [record] = (await processRequest(delivered(), contextWith(throttling, { failures }), signal)).records
  const headers = record?.headers as Record<string, string>
  expect(Date.parse(headers['enricher-waits-since'] ?? '')).toBeLessThanOrEqual(now)
  expect(Date.parse(headers['enricher-not-before'] ?? '')).toBeGreaterThanOrEqual(now + 60_000)

  // What the ledger is told to add to the time that does not count.
  const context = contextWith(throttling, { attempt: 1, failures })
  const opened: unknown[] = []
  const { open } = context.ledger
  context.ledger.open = (...given) => {
    opened.push(given[1])
    return open(...given)
  }
  await processRequest(delivered(headers), context, signal)
  expect(opened).toMatchObject([{ notBefore: Date.parse(headers['enricher-waits-since'] ?? '') }])
})

test('a result is decided after the one before it, also where the clock that decided that one is ahead', async () => {
  const agreeing: Model = {
    identity,
    judge: async () => ({ verdicts: [], use: { ...identity, inputTokens: 1, outputTokens: 1 } }),
  }
  const lastFinishedAt = Date.now() + 60_000
  const context = contextWith(agreeing, { lastFinishedAt })
  const times: number[] = []
  context.ledger.decide = async (_job, { decidedAt }) => {
    times.push(decidedAt)
  }
  const encode = async ({ finishedAt }: AlbumEnriched) => Buffer.from(`result ${times.push(finishedAt)}`)
  const collaboratorsFor: RequestContext['collaboratorsFor'] = (...given) => ({
    ...context.collaboratorsFor(...given),
    getArtwork: () => Promise.resolve(noArtwork),
  })
  const enriched = { ...context.enriched, encode }
  const { records } = await processRequest(delivery, { ...context, enriched, collaboratorsFor }, context.stopping)
  expect(records).toMatchObject([{ topic: 'album.enriched' }])
  expect(times, 'as it is published and as it is stored').toEqual([lastFinishedAt + 1, lastFinishedAt + 1])
})

test.each(['ARTWORK_UNAVAILABLE', 'STORE_UNAVAILABLE'])(
  'artwork that could not be had until the deadline (%s) ends as a result that says so, and counts as no dead letter',
  async (errorCode) => {
    const artworkRequest = { ...request, reason: 'artwork' as const, stages: ['artwork' as const] }
    const at = new Date(Date.now() - 10_000).toISOString()
    const failures = [{ attempt: 1, hops: 0, at, stage: 'artwork', code: errorCode, message: 'status 503' }]
    const ended: unknown[] = []
    const process = async (attempt: number) => {
      const context = contextWith(
        { identity, judge: () => Promise.reject(new Error('not asked for')) },
        { attempt, failures: [...failures] },
      )
      const { flood } = context
      vi.spyOn(flood, 'record').mockImplementation((isDeadLetter) => void ended.push(isDeadLetter))
      context.ledger.decide = async (_job, { enrichment }) => void ended.push(enrichment?.artwork)
      const collaboratorsFor: RequestContext['collaboratorsFor'] = (...given) => ({
        ...context.collaboratorsFor(...given),
        findEarlier: () => Promise.resolve({ candidates: [], links: [], model: null }),
        getArtwork: () => Promise.resolve({ ...noArtwork, status: 'pending' as const, errorCode }),
      })
      const requested = { ...context.requested, decode: async () => artworkRequest as never }
      const enriched = {
        ...context.enriched,
        encode: async (event: AlbumEnriched) => Buffer.from(JSON.stringify(event)),
      }
      return (await processRequest(delivery, { ...context, requested, enriched, collaboratorsFor }, context.stopping))
        .records
    }
    expect(await process(0)).toMatchObject([{ topic: 'retry.1m' }])
    expect(ended.splice(0)).toEqual([undefined])
    const [record, ...more] = await process(1)
    expect([record?.topic, more]).toEqual(['album.enriched', []])
    const { reason, artwork } = JSON.parse(String(record?.value))
    expect({ reason, artwork }).toMatchObject({ reason: 'artwork', artwork: { status: 'failed', errorCode } })
    expect(ended).toEqual([expect.objectContaining({ status: 'failed', errorCode }), false])
  },
)
