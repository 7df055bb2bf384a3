import { expect, test } from 'vitest'
import type { Candidate } from '../../../src/album.ts'
import { NOTHING_EARLIER } from '../../../src/enrich/earlier.ts'
import { NO_ARTWORK } from '../../../src/enrich/get-artwork.ts'
import { toLink } from '../../../src/enrich/to-link.ts'
import { EnrichmentError } from '../../../src/errors.ts'
import type { AlbumEnriched } from '../../../src/events.ts'
import { createLogger } from '../../../src/log.ts'
import { metrics } from '../../../src/metrics.ts'
import { createDependencies } from '../../../src/worker/dependencies.ts'
import type { Job } from '../../../src/worker/ledger/job.ts'
import type { GivenCollaborators, RequestContext } from '../../../src/worker/request/request-context.ts'
import { tryRequest } from '../../../src/worker/request/try-request.ts'
import { AlbumClock } from '../../../src/worker/window/album-clock.ts'
import { sampleAlbum, sampleProduct } from '../../data/samples.ts'

const NEVER = new AbortController().signal
const SITE = 'www.amazon.ca'
const album = sampleAlbum('Nevermind', ['Nirvana'], { asins: { 'www.amazon.ca': ['B000000001'] } })
const request = {
  requestId: '5f0c5d3e-0a3f-4b7e-9a5e-0d7f0f1f2a3b',
  reason: 'imported' as const,
  stages: ['search' as const, 'match' as const],
  album,
  requestedAt: 0,
  source: null,
}

async function timesOf(stage: string): Promise<number> {
  const { values } = await metrics.stageDuration.get()
  return values.find(({ metricName, labels }) => metricName?.endsWith('_count') && labels.stage === stage)?.value ?? 0
}

const aJob = (more: Partial<Job> = {}): Job => ({
  requestId: request.requestId,
  claim: { run: 1, attempt: 0, source: { topic: 'requests', offset: 1n } },
  album,
  startedAt: 0,
  answers: {},
  earlier: NOTHING_EARLIER,
  lastFinishedAt: 0,
  failures: [],
  modelCalls: [],
  waitedMs: 0,
  deaths: 0,
  ...more,
})

/** What a try works with, whose Amazon is the one given. */
const aContext = (collaborators: Partial<GivenCollaborators>) =>
  ({
    dependencies: createDependencies(() => undefined, NEVER),
    ledger: { saveAnswer: () => Promise.resolve() },
    enriched: { encode: async (event: AlbumEnriched) => Buffer.from(JSON.stringify(event)) },
    topics: { enriched: 'enriched' },
    collaboratorsFor: () => ({
      marketplace: SITE,
      hasMusicIndex: true,
      model: null,
      modelUse: 'never',
      ...collaborators,
    }),
    stopping: NEVER,
    log: createLogger('silent'),
  }) as unknown as RequestContext

const aroundTry = (isLast: boolean) => ({
  clock: new AlbumClock(60_000),
  takeBackOutages: () => Promise.resolve(),
  isLast: () => isLast,
})

test('a stage takes its time once a try, however many answers it needs, and also when it fails', async () => {
  let asked = 0
  const amazon = {
    getItems: () => Promise.resolve([]),
    searchItems: async () => {
      asked += 1
      if (asked > 1) throw new EnrichmentError('AMAZON_UNAVAILABLE', 'gone')
      return []
    },
  }
  const before = await timesOf('search')
  const tried = await tryRequest(request, aJob(), aContext({ amazon }), aroundTry(false), NEVER)
  expect(tried).toMatchObject({ error: { code: 'AMAZON_UNAVAILABLE' }, stage: 'search' })
  expect([asked, (await timesOf('search')) - before]).toEqual([2, 1])
})

test.each(['pending', 'stored'] as const)(
  'a request for artwork whose last try Amazon fails is a result that ends what is pending, not %s by another since',
  async (status) => {
    const accepted: Candidate = {
      product: sampleProduct('Nevermind', 'Nirvana', { fetchedAt: -1 }),
      ...{ verdict: 'accept', decidedBy: 'rules', score: 0.9, parts: [], reason: 'same title' },
    }
    const earlier = { ...NOTHING_EARLIER, artwork: { ...NO_ARTWORK, status } }
    const gone = () => Promise.reject(new EnrichmentError('AMAZON_UNAVAILABLE', 'gone'))
    const context = aContext({
      amazon: { getItems: gone, searchItems: gone },
      findEarlier: async () => ({ candidates: [accepted], links: [toLink(accepted)], model: null }),
    })
    const forArtwork = { ...request, reason: 'artwork' as const, stages: ['artwork' as const] }
    const tryIt = (isLast: boolean) => tryRequest(forArtwork, aJob({ earlier }), context, aroundTry(isLast), NEVER)
    expect(await tryIt(false)).toMatchObject({ error: { code: 'AMAZON_UNAVAILABLE' } })
    const errorCode = status === 'pending' ? 'AMAZON_UNAVAILABLE' : null
    expect(await tryIt(true)).toMatchObject({
      event: {
        ...{ reason: 'artwork', outcome: 'matched', links: [{ asin: accepted.product.asin }], withdrawnAsins: [] },
        artwork: { status: status === 'pending' ? 'failed' : status, errorCode },
      },
      enrichment: { isNew: { search: false, links: false, artwork: status === 'pending' } },
    })
  },
)

test('a request for artwork that cannot even be ended fails with why, as any other try does', async () => {
  const findEarlier = () => Promise.reject(new EnrichmentError('DATA_REFUSED', 'refused'))
  const forArtwork = { ...request, reason: 'artwork' as const, stages: ['artwork' as const] }
  const tried = await tryRequest(forArtwork, aJob(), aContext({ findEarlier }), aroundTry(true), NEVER)
  expect(tried).toMatchObject({ error: { code: 'DATA_REFUSED' } })
})

test('a result says when the facts were imported that were used, which may be newer than the request', async () => {
  const amazon = { getItems: async () => [], searchItems: async () => [] }
  const getArtwork = async () => ({ ...NO_ARTWORK, status: 'none' as const })
  const job = aJob({ album: { ...album, title: 'Nevermind (newer)', importedAt: 7 } })
  const tried = await tryRequest(request, job, aContext({ amazon, getArtwork }), aroundTry(false), NEVER)
  expect([album.importedAt, tried]).toMatchObject([0, { event: { title: 'Nevermind (newer)', importedAt: 7 } }])
})
