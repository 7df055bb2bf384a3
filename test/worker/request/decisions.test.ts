import { expect, test } from 'vitest'
import { EnrichmentError } from '../../../src/errors.ts'
import type { AlbumEnriched, EnrichmentRequested } from '../../../src/events.ts'
import { createLogger } from '../../../src/log.ts'
import type { Job } from '../../../src/worker/ledger/job.ts'
import { decideDeadLetter, decideResult, republish } from '../../../src/worker/request/decisions.ts'
import { sampleAlbum } from '../../data/samples.ts'
import { aDelivery } from '../../stack/a-delivery.ts'

type Context = Parameters<typeof republish>[3]

const cannotRead = (code: 'RECORD_UNDECODABLE' | 'REGISTRY_UNAVAILABLE') => ({
  encode: () => Promise.reject(new Error('not asked for')),
  tryApart: () => Promise.resolve(),
  needsRegistry: () => false,
  decode: () => Promise.reject(new EnrichmentError(code, code)),
})

const contextWith = (code: Parameters<typeof cannotRead>[0]): Context => ({
  topics: { enriched: 'album.enriched', dead: 'dead', retry: {} },
  requested: cannotRead(code),
  enriched: cannotRead(code),
  retryPolicy: { tiers: [], deadlineMs: 0 },
  log: createLogger('silent'),
})

const delivery = aDelivery({ traceparent: Buffer.from('abc') })
const request = {
  requestId: '5f0c5d3e-0a3f-4b7e-9a5e-0d7f0f1f2a3b',
  reason: 'imported' as const,
  stages: ['search' as const],
  album: sampleAlbum('Nevermind', ['Nirvana']),
  requestedAt: 0,
  source: null,
}
const decision = {
  kind: 'result' as const,
  topic: 'album.enriched',
  headers: {},
  bytes: Buffer.from('result'),
  failures: [],
}

test('a stored result that this build cannot read is published as it is, and does not hold up the lane', async () => {
  const { records } = await republish(delivery, request, decision, contextWith('RECORD_UNDECODABLE'))
  expect(records).toEqual([{ topic: 'album.enriched', key: '1', value: decision.bytes, headers: delivery.headers }])
})

test('while the registry is away nothing is published unread', async () => {
  const published = republish(delivery, request, decision, contextWith('REGISTRY_UNAVAILABLE'))
  await expect(published).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
})

test('the request for artwork that is pending is as old as the one that it comes of, and so forgotten with it', async () => {
  const encoded: EnrichmentRequested[] = []
  const encode = async (request: EnrichmentRequested) => Buffer.from(`request ${encoded.push(request)}`)
  const tiers = [{ label: '1m', delayMs: 60_000 }]
  const context: Context = {
    ...contextWith('RECORD_UNDECODABLE'),
    topics: { enriched: 'album.enriched', dead: 'dead', retry: { '1m': 'retry.1m' } },
    requested: { ...cannotRead('RECORD_UNDECODABLE'), encode },
    retryPolicy: { tiers, deadlineMs: 0 },
  }
  const event = {
    ...{ resultId: 'result', albumId: '1', requestedAt: 1_000, finishedAt: 5_000, run: 1 },
    artwork: { status: 'pending', errorCode: 'ARTWORK_UNAVAILABLE' },
  } as AlbumEnriched
  const job = { album: request.album, failures: [] as Job['failures'] } as Job
  const { decided } = await decideResult(delivery, request, event, decision.bytes, job, context)
  expect(decided.records.map(({ topic }) => topic)).toEqual(['album.enriched', 'retry.1m'])
  expect(encoded).toMatchObject([{ reason: 'artwork', requestedAt: 1_000 }])
})

test('a retry copy that the ledger could not open is given up as the request that its headers name', () => {
  const known = {
    'enricher-request-id': request.requestId,
    'enricher-run': '2',
    'enricher-attempt': '3',
    'enricher-first-failed-at': '2026-01-10T12:00:00.000Z',
  }
  const copy = aDelivery(Object.fromEntries(Object.entries(known).map(([name, value]) => [name, Buffer.from(value)])))
  const context = contextWith('RECORD_UNDECODABLE')
  const error = new EnrichmentError('RECORD_UNDECODABLE', 'no Avro')
  const give = (delivery: typeof copy) => {
    const { decided } = decideDeadLetter(delivery, undefined, undefined, error, 'worker', context)
    return decided.records[0]?.headers
  }
  expect(give(copy)).toMatchObject(known)
  const first = give(delivery)
  expect(first).toMatchObject({ 'enricher-run': '1', 'enricher-attempt': '1' })
  expect(first).not.toHaveProperty('enricher-request-id')
})
