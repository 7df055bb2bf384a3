import { expect, test } from 'vitest'
import { NOTHING_EARLIER } from '../../../src/enrich/earlier.ts'
import { EnrichmentError } from '../../../src/errors.ts'
import { createLogger } from '../../../src/log.ts'
import { metrics } from '../../../src/metrics.ts'
import { createDependencies } from '../../../src/worker/dependencies.ts'
import type { Job } from '../../../src/worker/ledger/job.ts'
import type { RequestContext } from '../../../src/worker/request/request-context.ts'
import { tryRequest } from '../../../src/worker/request/try-request.ts'
import { AlbumClock } from '../../../src/worker/window/album-clock.ts'
import { sampleAlbum } from '../../data/samples.ts'

const NEVER = new AbortController().signal
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

test('a stage takes its time once a try, however many answers it needs, and also when it fails', async () => {
  const dependencies = createDependencies(() => undefined, NEVER)
  let asked = 0
  const context = {
    dependencies,
    ledger: { saveAnswer: () => Promise.resolve() },
    collaboratorsFor: () => ({
      marketplace: 'www.amazon.ca',
      hasMusicIndex: true,
      amazon: {
        getItems: () => Promise.resolve([]),
        searchItems: async () => {
          asked += 1
          if (asked > 1) throw new EnrichmentError('AMAZON_UNAVAILABLE', 'gone')
          return []
        },
      },
      model: null,
      modelUse: 'never',
    }),
    stopping: NEVER,
    log: createLogger('silent'),
  } as unknown as RequestContext
  const { requestId } = request
  const claim = { run: 1, attempt: 0, source: { topic: 'requests', offset: 1n } }
  const paid = { answers: {}, earlier: NOTHING_EARLIER, lastFinishedAt: 0 }
  const job: Job = {
    requestId,
    claim,
    album,
    startedAt: 0,
    ...paid,
    failures: [],
    modelCalls: [],
    waitedMs: 0,
    deaths: 0,
  }
  const before = await timesOf('search')
  const hands = { clock: new AlbumClock(60_000), takeBackOutages: () => Promise.resolve(), isLast: () => false }
  const tried = await tryRequest(request, job, context, hands, NEVER)
  expect(tried).toMatchObject({ error: { code: 'AMAZON_UNAVAILABLE' }, stage: 'search' })
  expect([asked, (await timesOf('search')) - before]).toEqual([2, 1])
})
