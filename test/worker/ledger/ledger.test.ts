import { createHash } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { AlbumRow } from '../../../src/db/entities/album.entity.ts'
import { Enrichment as RequestRow } from '../../../src/db/entities/enrichment.entity.ts'
import { LeaseStore } from '../../../src/db/lease-store.ts'
import type { EnrichmentRequested } from '../../../src/events.ts'
import type { StoredDecision } from '../../../src/worker/ledger/job.ts'
import { Ledger } from '../../../src/worker/ledger/ledger.ts'
import { aRequest, at, DAY, decision, end, enrichment, NEVER, NOW, open, openLedger } from '../../stack/a-ledger.ts'

test('a delivery goes on with its answers, publishes what was decided, and its copies are stale', async () => {
  const { ledger } = await openLedger()
  const request = aRequest()
  const job = await open(ledger, request, at(5n))
  await ledger.saveAnswer(job, 'search.fields', ['product'], NEVER)
  const again = await open(ledger, request, at(5n))
  expect(again.answers).toEqual({ 'search.fields': ['product'] })
  await end(ledger, again, decision('result'), 'matched', NOW)
  expect(await ledger.open(request, at(5n), NOW, NEVER)).toMatchObject({
    kind: 'publish',
    decision: { ...decision('result') },
  })
  expect(await ledger.open(request, at(9n), NOW, NEVER)).toEqual({ kind: 'stale' })
  await expect(ledger.saveAnswer(again, 'match', {}, NEVER)).rejects.toMatchObject({ code: 'LANE_LOST' })
})

const FAILURE = {
  ...{ attempt: 1, hops: 0, at: new Date(NOW).toISOString(), stage: 'search' },
  ...{ code: 'AMAZON_UNAVAILABLE', message: 'status 500' },
}

test('a retry copy goes on counting, with the answers, and its wait in the lane counts as nothing', async () => {
  const { ledger } = await openLedger()
  const request = aRequest()
  const job = await open(ledger, request, at(5n))
  await ledger.saveAnswer(job, 'search.fields', [], NEVER)
  await ledger.saveFailures(job, [FAILURE], NEVER)
  await end(ledger, job, decision('retry'), null, NOW)
  const copy = at(2n, { topic: 'express', attempt: 1, notBefore: NOW - 7_000 })
  const retried = await open(ledger, request, copy)
  expect(retried).toMatchObject({ claim: { run: 1, attempt: 1 }, answers: { 'search.fields': [] }, waitedMs: 7_000 })
  expect((await open(ledger, request, copy)).waitedMs, 'delivered again').toBe(7_000)
})

test('what a request waited before it first failed makes it no younger', async () => {
  const { ledger } = await openLedger()
  const artwork = aRequest()
  // The first copy that there is of a request for artwork is a retry copy.
  const job = await open(ledger, artwork, at(1n, { topic: 'express', attempt: 1, notBefore: NOW - 36_000_000 }))
  expect(job.waitedMs).toBe(0)
  await ledger.saveFailures(job, [FAILURE], NEVER)
  await end(ledger, job, decision('retry'), null, NOW)
  const next = await open(ledger, artwork, at(2n, { topic: 'express', attempt: 2, notBefore: NOW - 7_000 }))
  expect(next.waitedMs).toBe(7_000)
})

test('older facts never replace newer ones, and other facts are asked for anew', async () => {
  const { ledger } = await openLedger()
  const old = aRequest({ title: 'Old' }, 1)
  const job = await open(ledger, old, at(1n))
  await ledger.saveAnswer(job, 'search.fields', ['of the old title'], NEVER)
  await open(ledger, aRequest({ title: 'Same time, later record' }, 2), at(2n))
  const late = await open(ledger, old, at(1n))
  expect([late.album.title, late.answers]).toEqual(['Same time, later record', {}])
  await open(ledger, aRequest({ title: 'Newest', importedAt: NOW + 1 }, 0), at(3n))
  expect((await open(ledger, aRequest({ title: 'Older', importedAt: NOW - 1 }, 9), at(4n))).album.title).toBe('Newest')
})

test('a process that died is remembered, one that outlived its work is not', async () => {
  const { db, stores, ledger } = await openLedger()
  const request = aRequest()
  await ledger.begin(await open(ledger, request, at(1n)), NEVER)
  const next = new Ledger(db, stores, 'www.amazon.ca', 'next process')
  const job = await open(next, request, at(1n))
  expect(job.deaths).toBe(1)
  await next.begin(job, NEVER)
  await next.clearInFlight()
  expect((await open(ledger, request, at(1n))).deaths, 'of itself').toBe(0)
  await ledger.clearInFlight()
  expect((await open(next, request, at(1n))).deaths).toBe(0)
})

test('only rows that have ended long ago and are committed are pruned', async () => {
  const { ledger, pruning } = await openLedger()
  const endOne = async (offset: bigint, kind: StoredDecision['kind'], daysAgo: number) => {
    const request = aRequest()
    await end(ledger, await open(ledger, request, at(offset)), decision(kind), null, NOW - daysAgo * DAY)
    return request
  }
  const kept = [await endOne(1n, 'retry', 40), await endOne(2n, 'result', 10), await endOne(8n, 'result', 40)]
  const open1 = aRequest()
  await open(ledger, open1, at(3n))
  await endOne(4n, 'result', 40)
  await endOne(5n, 'dead_letter', 40)
  expect(await pruning.prune(new Date(NOW - 30 * DAY), new Map([['requests', 8n]]), NEVER)).toBe(2)
  for (const request of kept) expect((await ledger.open(request, at(99n), NOW, NEVER)).kind).toBe('stale')
})

test('a row whose request was retried or ran again stays a year longer, since a copy may still come, without its answers', async () => {
  const { db, ledger, pruning } = await openLedger()
  const everything = new Map([
    ['requests', 99n],
    ['express', 99n],
  ])
  const decide = async (
    request: EnrichmentRequested,
    delivered: ReturnType<typeof at>,
    kind: StoredDecision['kind'],
  ) => {
    const job = await open(ledger, request, delivered)
    await ledger.saveAnswer(job, 'search.fields', ['product'], NEVER)
    await end(ledger, job, decision(kind), null, NOW - 300 * DAY)
  }
  const retried = aRequest()
  await decide(retried, at(1n), 'retry')
  await decide(retried, at(1n, { topic: 'express', attempt: 1 }), 'result')
  // Its copy of run 1 waits in a tier, or in front of a relay that stands still, while run 2 ends.
  const replayed = aRequest()
  await decide(replayed, at(2n), 'retry')
  await db.query((em) => em.nativeUpdate(RequestRow, { requestId: replayed.requestId }, { again: true }))
  await decide(replayed, at(2n), 'result')

  expect(await pruning.prune(new Date(NOW), everything, NEVER)).toBe(0)
  const late = [
    await ledger.open(retried, at(100n, { topic: 'express', attempt: 1 }), NOW, NEVER),
    await ledger.open(replayed, at(101n, { topic: 'express', attempt: 1 }), NOW, NEVER),
  ]
  expect(late).toEqual([{ kind: 'stale' }, { kind: 'stale' }])
  const rows = await db.query((em) => em.find(RequestRow, {}))
  expect(rows.map(({ answers }) => answers)).toEqual([{}, {}])
  expect(await pruning.prune(new Date(NOW + 70 * DAY), everything, NEVER), 'a year later').toBe(2)
})

test('a large ledger is pruned by some thousands a transaction, and nothing is passed over', async () => {
  const { db, stores, ledger, pruning } = await openLedger()
  await db.query((em) =>
    em.execute(
      `insert into enrichment (request_id, album_id, marketplace, reason, requested_at, started_at, attempt, source_topic,
         source_offset, answers, failures, decision, decided_at)
       select gen_random_uuid(), 'album', 'www.amazon.ca', 'imported', now(), now(), 0, 'requests', i, '{}', '[]', 'result',
         ?::timestamptz - i / 3000 * interval '1 second'
       from generate_series(1, 9000) i`,
      [new Date(NOW)],
    ),
  )
  const request = aRequest()
  await end(ledger, await open(ledger, request, at(1n)), decision('retry'), null, NOW - DAY)
  const save = vi.spyOn(stores, 'saveOnceOwned')
  expect(await pruning.prune(new Date(NOW + DAY), new Map([['requests', 99_999n]]), NEVER)).toBe(9_000)
  expect(save.mock.calls.length).toBeGreaterThan(4)
  const left = await db.query((em) => em.find(RequestRow, {}))
  expect(left.map(({ requestId }) => requestId)).toEqual([request.requestId])
})

test('an answer that comes while the lane is in doubt is stored under the token of its work, if that is the newest', async () => {
  const { store, ownership, ledger } = await openLedger()
  const [first, second] = [aRequest(), aRequest({ albumId: '2' })]
  const jobs = [await open(ledger, first, at(1n)), await open(ledger, second, at(2n))] as const
  await ledger.saveAnswerInDoubt(jobs[0], 'owned', ['an owner has saveAnswer'])
  ownership.isOwner = false
  await ledger.saveAnswerInDoubt(jobs[0], 'search.fields', ['product'])
  ownership.token = (await store.take()).token
  await ledger.saveAnswerInDoubt(jobs[1], 'search.fields', ['too late'])
  ownership.isOwner = true
  expect((await open(ledger, first, at(1n))).answers).toEqual({ 'search.fields': ['product'] })
  expect((await open(ledger, second, at(2n))).answers).toEqual({})
})

test('nothing is saved any more once somebody else has the lane', async () => {
  const { db, ledger } = await openLedger()
  const job = await open(ledger, aRequest(), at(1n))
  await new LeaseStore(db, 'lane').take()
  await expect(ledger.saveAnswer(job, 'match', {}, NEVER)).rejects.toMatchObject({ code: 'LANE_LOST' })
  await expect(end(ledger, job, decision('result'), null, NOW)).rejects.toMatchObject({ code: 'LANE_LOST' })
})

test('an album that is imported again keeps the answers that were paid for', async () => {
  const { ledger } = await openLedger()
  const request = aRequest()
  const job = await open(ledger, request, at(1n))
  await ledger.saveAnswer(job, 'search.fields', ['product'], NEVER)
  await open(ledger, aRequest({ importedAt: NOW + 5, source: 'another importer' }), at(2n))
  const again = await open(ledger, request, at(1n))
  expect([again.album.importedAt, again.answers]).toEqual([NOW + 5, { 'search.fields': ['product'] }])
})

test('a row that a former build left undecided is gone on with, and what was paid for is not asked again', async () => {
  const { db, ledger } = await openLedger()
  const request = aRequest()
  await open(ledger, request, at(1n))
  const { candidates } = enrichment()
  const byModel = candidates.map((one) => ({
    ...one,
    decidedBy: 'model' as const,
    reason: `about ${one.product.asin}`,
  }))
  const use = { name: 'a model', promptVersion: '1', inputTokens: 1, outputTokens: 1 }
  const [{ facts } = { facts: request.album }] = await db.query((em) => em.find(AlbumRow, {}))
  await db.query((em) =>
    em.nativeUpdate(
      RequestRow,
      { requestId: request.requestId },
      {
        answers: {
          'search.linked': [],
          'search.fields': candidates.map(({ product }) => product),
          match: { candidates: byModel, model: use },
          links: { links: [], withdrawnAsins: [] },
        },
        factsId: createHash('sha256')
          .update(JSON.stringify(Object.entries(facts).toSorted()))
          .digest('base64url'),
      },
    ),
  )
  const job = await open(ledger, request, at(1n))
  expect(job.answers).toMatchObject({
    'search.fields': [{ asin: 'B000000001' }, { asin: 'B000000002' }],
    'model.1.B000000001,B000000002': {
      verdicts: [{ asin: 'B000000001', verdict: 'accept', reason: 'about B000000001' }, {}],
      use,
    },
  })
  expect('match' in job.answers).toBe(false)
})

test('one that is suspected of killing processes is marked only when its work begins', async () => {
  const { db, stores, ledger } = await openLedger()
  const request = aRequest()
  for (const id of ['first', 'second', 'third']) {
    await open(new Ledger(db, stores, 'www.amazon.ca', id), request, at(1n))
  }
  expect((await open(ledger, request, at(1n))).deaths).toBe(3)
  expect((await open(new Ledger(db, stores, 'www.amazon.ca', 'fifth'), request, at(1n))).deaths, 'it waited').toBe(3)
  await ledger.begin(await open(ledger, request, at(1n)), NEVER)
  expect((await open(new Ledger(db, stores, 'www.amazon.ca', 'sixth'), request, at(1n))).deaths).toBe(4)
})
