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

const TOLD = { priceMinor: 1_234, currency: 'CAD', condition: 'New', pricedAt: 1_000 }
const NOT_SOLD = { price: null, condition: null, availability: null, salesRank: null }

test('an answer without an offer ends availability and rank, and keeps the price with its condition and time', () => {
  const known = earlier('B000000001', { ...TOLD, availability: 'IN_STOCK', salesRank: 7 })
  const [unpriced] = plan([accepted('B000000001', { ...NOT_SOLD, fetchedAt: 2_000 })], [known]).links
  expect(unpriced).toMatchObject({ ...TOLD, availability: null, salesRank: null })
  const offer = { condition: 'Used', availability: 'OUT_OF_STOCK', salesRank: 9 }
  const [soldOut] = plan([accepted('B000000001', { price: null, ...offer, fetchedAt: 2_000 })], [known]).links
  expect(soldOut).toMatchObject({ ...TOLD, availability: 'OUT_OF_STOCK', salesRank: 9 })
  const price = { amount: 9.99, currency: 'CAD' }
  const [repriced] = plan([accepted('B000000001', { price, ...offer, fetchedAt: 3_000 })], [known]).links
  expect(repriced).toMatchObject({ priceMinor: 999, pricedAt: 3_000, ...offer })
})

test('what may be kept no longer changes nothing of what is known of the link', () => {
  const known = { ...TOLD, availability: 'IN_STOCK', salesRank: 7 }
  const ended = accepted('B000000001', { ...NOT_SOLD, fetchedAt: -1 })
  expect(plan([ended], [earlier('B000000001', known)]).links).toMatchObject([known])
  const unpriced = { availability: 'OUT_OF_STOCK', salesRank: 7 }
  expect(plan([ended], [earlier('B000000001', unpriced)]).links).toMatchObject([unpriced])
})

test('an answer that was kept for days replaces nothing that Amazon told later', () => {
  const renewed = { priceMinor: 1_234, currency: 'CAD', condition: 'new', pricedAt: 5_000, availability: 'now' }
  const older = { price: { amount: 9.99, currency: 'CAD' }, condition: 'used', availability: 'later', salesRank: 3 }
  const planned = (salesRank: number | null) =>
    plan([accepted('B000000001', { ...older, fetchedAt: 3_000 })], [earlier('B000000001', { ...renewed, salesRank })])
  expect(planned(7).links).toMatchObject([{ ...renewed, salesRank: 7 }])
  expect(planned(null).links).toMatchObject([{ ...renewed, salesRank: null }])
})

test('a price that was never known is null, not zero', () => {
  const [link] = plan([accepted('B000000001', { price: null })]).links
  expect(link).toMatchObject({ priceMinor: null, currency: null, pricedAt: null })
})
