import { expect, test } from 'vitest'
import type { Candidate } from '../../../src/album.ts'
import { CandidateRow } from '../../../src/db/entities/candidate.entity.ts'
import { Enrichment as RequestRow } from '../../../src/db/entities/enrichment.entity.ts'
import { ExternalLink } from '../../../src/db/entities/external-link.entity.ts'
import { PersonVerdictRow } from '../../../src/db/entities/person-verdict.entity.ts'
import { linkedAsins } from '../../../src/enrich/earlier.ts'
import type { Enrichment } from '../../../src/enrich/enrich-album.ts'
import { aRequest, at, decision, end, enrichment, finish, NEVER, NOW, open, openLedger } from '../../stack/a-ledger.ts'

test('the end stores candidates, links, artwork and decision together, and the next request finds them', async () => {
  const { db, ledger } = await openLedger()
  const job = await open(ledger, aRequest(), at(1n))
  await ledger.saveAnswer(job, 'search.fields', ['product'], NEVER)
  await finish(ledger, job, enrichment())
  const [row] = await db.query((em) => em.find(RequestRow, {}))
  expect([row?.decision, row?.outcome, row?.answers]).toEqual(['result', 'matched', {}])
  const rows = await db.query((em) => em.find(CandidateRow, {}, { orderBy: { asin: 'asc' } }))
  expect(rows.map(({ asin, verdict, product }) => [asin, verdict, Object.keys(product).length > 3])).toEqual([
    ['B000000001', 'accept', true],
    ['B000000002', 'reject', false],
  ])

  const next = await open(ledger, aRequest(), at(2n))
  expect(linkedAsins(next.earlier)).toEqual(['B000000001'])
  expect(next.earlier).toMatchObject({
    links: [{ asin: 'B000000001', priceMinor: 999, currency: 'CAD', pricedAt: 1_000, isWithdrawn: false }],
    artwork: enrichment().artwork,
  })
  const nothing = { ...enrichment(), candidates: [], links: [], withdrawnAsins: ['B000000001'] }
  await finish(ledger, next, { ...nothing, isNew: { search: true, links: true, artwork: false } })
  const last = await open(ledger, aRequest(), at(3n))
  expect([linkedAsins(last.earlier), last.earlier.links, last.earlier.artwork?.status]).toMatchObject([
    [],
    [{ asin: 'B000000001', isWithdrawn: true, requestId: next.requestId }],
    'linked',
  ])
})

test('what a search does not bring any more is no candidate, unless a person decided about it', async () => {
  const { db, ledger } = await openLedger()
  let offset = 0n
  const store = async (asins: string[], search: boolean, albumId = '1') => {
    const [, found] = enrichment().candidates as [Candidate, Candidate]
    const candidates = asins.map((asin) => ({
      ...found,
      verdict: 'open' as const,
      product: { ...found.product, asin },
    }))
    offset += 1n
    const isNew = { search, links: true, artwork: false }
    const job = await open(ledger, aRequest({ albumId }), at(offset))
    await finish(ledger, job, { ...enrichment(), candidates, links: [], isNew })
  }
  const stored = async () => {
    const rows = await db.query((em) => em.find(CandidateRow, {}, { orderBy: { asin: 'asc' } }))
    return rows.map(({ asin }) => asin)
  }
  await store(['B000000001', 'B000000002', 'B000000003'], true)
  await store(['B000000004'], true, 'another')
  await db.query((em) => em.nativeUpdate(CandidateRow, { asin: 'B000000003' }, { marketplace: 'www.amazon.com' }))
  await db.query((em) => {
    const given = { verdict: 'reject' as const, decidedBy: 'editor', decidedAt: new Date() }
    return em.upsert(PersonVerdictRow, { albumId: '1', marketplace: 'www.amazon.ca', asin: 'B000000002', ...given })
  })
  await store(['B000000005'], false)
  expect((await stored()).length, 'a request that does not search knows of no others').toBe(5)
  await store(['B000000006'], true)
  const kept = ['B000000002', 'B000000003', 'B000000004']
  expect(await stored(), "a person's, and those of another marketplace or album").toEqual([...kept, 'B000000006'])
  await store([], true)
  expect(await stored(), 'where Amazon has nothing at all').toEqual(kept)
})

test("a verdict of the model that is carried along keeps the model's name, and a new one has the new name", async () => {
  const { db, ledger } = await openLedger()
  const named = async (offset: bigint, model: Enrichment['model'], decidedBy: Candidate['decidedBy']) => {
    const candidates = enrichment().candidates.map((one) => ({ ...one, decidedBy }))
    const job = await open(ledger, aRequest(), at(offset))
    const isNew = { search: model !== null, links: true, artwork: false }
    await finish(ledger, job, { ...enrichment(), candidates, model, isNew })
    const [row] = await db.query((em) => em.find(CandidateRow, {}, { orderBy: { asin: 'asc' } }))
    return [row?.modelName, row?.promptVersion]
  }
  const use = { inputTokens: 1, outputTokens: 1 }
  expect(await named(1n, { name: 'one', promptVersion: '1', ...use }, 'model')).toEqual(['one', '1'])
  expect(await named(2n, null, 'model')).toEqual(['one', '1'])
  expect(await named(3n, { name: 'other', promptVersion: '2', ...use }, 'model')).toEqual(['other', '2'])
  expect(await named(4n, null, 'person')).toEqual([null, null])
})

test('an end that is not stored stores nothing', async () => {
  const { db, ledger } = await openLedger()
  const request = aRequest()
  const job = await open(ledger, request, at(1n))
  await end(ledger, job, decision('retry'), null, NOW)
  const retried = await open(ledger, request, at(9n, { attempt: 1 }))
  await expect(finish(ledger, job, enrichment()), 'its claim is another one').rejects.toMatchObject({
    code: 'LANE_LOST',
  })
  expect(await db.query((em) => em.find(CandidateRow, {}))).toEqual([])
  const broken = enrichment()
  for (const { product } of broken.candidates) product.asin = 'NUL \0'
  await expect(finish(ledger, retried, broken)).rejects.toThrow()
  expect(await db.query((em) => em.find(ExternalLink, {}))).toEqual([])
  const [row] = await db.query((em) => em.find(RequestRow, {}))
  expect(row?.decision ?? null).toBeNull()
})

test('of many stores at once the one that PostgreSQL refuses fails, and so does the one whose claim is lost', async () => {
  const { ledger } = await openLedger()
  const requests = Array.from({ length: 40 }, (_, index) => aRequest({ albumId: `album ${index}` }))
  const jobs = await Promise.all(requests.map((request, index) => open(ledger, request, at(BigInt(index)))))
  const [lost, refused] = [jobs[7], jobs[23]]
  if (lost) lost.claim = { ...lost.claim, attempt: 5 }
  // No integer of PostgreSQL's.
  if (refused) refused.claim = { ...refused.claim, attempt: 2 ** 40 }
  const ends = await Promise.allSettled(
    jobs.map((job) => ledger.saveAnswer(job, 'search.fields', [job.album.albumId], NEVER)),
  )
  const failed = ends.flatMap((one, index) => (one.status === 'rejected' ? [[index, one.reason.code]] : []))
  expect(failed).toEqual([
    [7, 'LANE_LOST'],
    [23, 'DATA_REFUSED'],
  ])
  const again = await Promise.all(requests.map((request, index) => open(ledger, request, at(BigInt(index)))))
  expect(again.flatMap(({ answers }, index) => ('search.fields' in answers ? [] : [index]))).toEqual([7, 23])
})

test('a request is told when the last result for its album and marketplace was decided', async () => {
  const { db, ledger } = await openLedger()
  const decide = async (offset: bigint, kind: 'result' | 'retry', decidedAt: number) => {
    const job = await open(ledger, aRequest(), at(offset))
    await end(ledger, job, decision(kind), null, decidedAt)
    return job.lastFinishedAt
  }
  expect(await decide(1n, 'result', NOW + 5_001)).toBe(0)
  expect(await decide(2n, 'result', NOW)).toBe(NOW + 5_001)
  expect(await decide(3n, 'retry', NOW + 9_000)).toBe(NOW + 5_001)
  expect((await open(ledger, aRequest(), at(4n))).lastFinishedAt).toBe(NOW + 5_001)
  expect((await open(ledger, aRequest({ albumId: 'another' }), at(5n))).lastFinishedAt).toBe(0)
  await db.query((em) => em.nativeUpdate(RequestRow, { albumId: '1' }, { marketplace: 'www.amazon.com' }))
  expect((await open(ledger, aRequest(), at(6n))).lastFinishedAt, 'of another lane').toBe(0)
})
