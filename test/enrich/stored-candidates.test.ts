import { randomUUID } from 'node:crypto'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { Candidate } from '../../src/album.ts'
import { Database } from '../../src/db/database.ts'
import { CandidateRow } from '../../src/db/entities/candidate.entity.ts'
import { ExternalLink } from '../../src/db/entities/external-link.entity.ts'
import { findEarlier, toCandidate, toStoredProduct } from '../../src/enrich/stored-candidates.ts'
import { sampleProduct } from '../data/samples.ts'
import { createDatabase } from '../stack/create-database.ts'

const SITE = 'www.amazon.ca'

async function createDb(): Promise<Database> {
  const db = new Database(await createDatabase(inject('databaseUrl'), `candidates-${randomUUID().slice(0, 8)}`))
  onTestFinished(() => db.close())
  await db.migrate()
  return db
}

const candidate = (asin: string, verdict: Candidate['verdict']): Candidate => ({
  product: sampleProduct('Nevermind', 'Nirvana', { asin, salesRank: 7, image: { url: 'x', width: 1, height: 1 } }),
  verdict,
  decidedBy: 'rules',
  score: 0.9,
  parts: [{ name: 'title', value: 0.5, reason: 'same' }],
  reason: 'same title',
})

const toRow = (one: Candidate) => ({
  ...one,
  product: toStoredProduct(one),
  albumId: '1',
  marketplace: SITE,
  asin: one.product.asin,
  modelName: null,
  promptVersion: null,
  requestId: randomUUID(),
  judgedAt: new Date(5_000),
})

const aLink = (asin: string, withdrawnAt: Date | null) => ({
  ...{ albumId: '1', marketplace: SITE, asin, url: 'x', title: 'Nevermind', decidedBy: 'rules' as const, score: 0.9 },
  ...{ reason: 'same title', priceMinor: null, currency: null, condition: null, availability: null, pricedAt: null },
  ...{ salesRank: null, requestId: randomUUID(), updatedAt: new Date(), withdrawnAt },
})

test('a product that was withdrawn is no candidate of a request that does not search', async () => {
  const db = await createDb()
  const found = [candidate('B000000001', 'accept'), candidate('B000000002', 'accept'), candidate('B000000003', 'open')]
  await db.transaction(async (em) => {
    await em.insertMany(CandidateRow, found.map(toRow))
    await em.insertMany(ExternalLink, [aLink('B000000001', new Date()), aLink('B000000002', null)])
  })
  const earlier = await findEarlier(db, '1', SITE)
  expect(earlier.candidates.map(({ product, verdict }) => [product.asin, verdict]).toSorted()).toEqual([
    ['B000000002', 'accept'],
    ['B000000003', 'open'],
  ])
  expect(earlier.links.map(({ asin }) => asin)).toEqual(['B000000002'])
})

test('of a rejected product stays what an editor needs, of any other all', async () => {
  const db = await createDb()
  const [rejected, open] = [candidate('B000000001', 'reject'), candidate('B000000002', 'open')]
  await db.transaction((em) => em.insertMany(CandidateRow, [rejected, open].map(toRow)))
  const [first, second] = (await db.query((em) => em.find(CandidateRow, {}, { orderBy: { asin: 'asc' } }))).map(
    toCandidate,
  )
  expect(first).toEqual({
    ...rejected,
    product: {
      ...sampleProduct('Nevermind', 'Nirvana', { asin: 'B000000001' }),
      url: `https://${SITE}/dp/B000000001`,
      fetchedAt: 5_000,
    },
  })
  expect(second).toEqual(open)
})
