import { expect, test } from 'vitest'
import type { Candidate, Product } from '../../src/album.ts'
import type { EarlierLink } from '../../src/enrich/earlier.ts'
import { planLinks } from '../../src/enrich/plan-links.ts'
import { sampleProduct } from '../data/samples.ts'

const accepted = (asin: string, product: Partial<Product> = {}): Candidate => ({
  product: sampleProduct('Nevermind', 'Nirvana', { asin, ...product }),
  verdict: 'accept',
  decidedBy: 'rules',
  score: 0.9,
  parts: [],
  reason: 'same title',
})

const earlier = (asin: string, changes: Partial<EarlierLink> = {}): EarlierLink => ({
  asin,
  priceMinor: null,
  currency: null,
  condition: null,
  availability: null,
  pricedAt: null,
  salesRank: null,
  isWithdrawn: false,
  requestId: 'earlier',
  ...changes,
})

const plan = (candidates: Candidate[], links: EarlierLink[] = [], requestId = 'this') =>
  planLinks({ candidates, model: null }, links, requestId)
const asins = ({ links }: ReturnType<typeof plan>) => links.map(({ asin }) => asin)

test('a product that no longer matches is withdrawn, once, and linked again when it matches again', () => {
  const [first, second] = [earlier('B000000001'), earlier('B000000002')]
  const planned = plan([accepted('B000000001')], [first, second])
  expect([asins(planned), planned.withdrawnAsins]).toEqual([['B000000001'], ['B000000002']])
  const withdrawn = { ...second, isWithdrawn: true }
  expect(plan([accepted('B000000001')], [first, withdrawn]).withdrawnAsins).toEqual([])
  expect(asins(plan([accepted('B000000001'), accepted('B000000002')], [first, withdrawn]))).toEqual([
    'B000000001',
    'B000000002',
  ])
})

test('a request that runs again after it has withdrawn a link tells so again', () => {
  const links = [earlier('B000000001'), earlier('B000000002', { isWithdrawn: true, requestId: 'this' })]
  expect(plan([accepted('B000000001')], links).withdrawnAsins).toEqual(['B000000002'])
  expect(plan([accepted('B000000001')], links, 'another').withdrawnAsins).toEqual([])
})

test('an unknown price does not erase a known one, and a known one replaces it', () => {
  const known = earlier('B000000001', { priceMinor: 1_234, currency: 'CAD', pricedAt: 1_000, salesRank: 7 })
  const [unpriced] = plan([accepted('B000000001', { price: null, fetchedAt: 2_000, salesRank: null })], [known]).links
  expect(unpriced).toMatchObject({ priceMinor: 1_234, currency: 'CAD', pricedAt: 1_000, salesRank: 7 })
  const price = { amount: 9.99, currency: 'CAD' }
  const [repriced] = plan([accepted('B000000001', { price, fetchedAt: 3_000 })], [known]).links
  expect(repriced).toMatchObject({ priceMinor: 999, pricedAt: 3_000 })
})

test('an answer that was kept for days replaces no price that Amazon told later', () => {
  const renewed = { priceMinor: 1_234, currency: 'CAD', condition: 'new', pricedAt: 5_000, availability: 'now' }
  const older = { price: { amount: 9.99, currency: 'CAD' }, condition: 'used', availability: 'later', salesRank: 3 }
  const planned = (salesRank: number | null) =>
    plan([accepted('B000000001', { ...older, fetchedAt: 3_000 })], [earlier('B000000001', { ...renewed, salesRank })])
  expect(planned(7).links).toMatchObject([{ ...renewed, salesRank: 7 }])
  expect(planned(null).links).toMatchObject([{ ...renewed, salesRank: 3 }])
})

test('a price that was never known is null, not zero', () => {
  const [link] = plan([accepted('B000000001', { price: null })]).links
  expect(link).toMatchObject({ priceMinor: null, currency: null, pricedAt: null })
})
