import { randomUUID } from 'node:crypto'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { Candidate, Product } from '../../src/album.ts'
import { Database } from '../../src/db/database.ts'
import { findLinkedAsins, saveLinks } from '../../src/enrich/save-links.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'
import { createDatabase } from '../stack/create-database.ts'

async function createDb(): Promise<Database> {
  const db = new Database(await createDatabase(inject('databaseUrl'), `links-${randomUUID().slice(0, 8)}`))
  onTestFinished(() => db.close())
  await db.migrate()
  return db
}

const accepted = (asin: string, product: Partial<Product> = {}): Candidate => ({
  product: sampleProduct('Nevermind', 'Nirvana', { asin, ...product }),
  verdict: 'accept',
  decidedBy: 'rules',
  score: 0.9,
  parts: [],
  reason: 'same title',
})

const album = sampleAlbum('Nevermind', ['Nirvana'])
const context = () => ({ marketplace: 'www.amazon.ca', requestId: randomUUID(), now: new Date() })
const save = (db: Database, ...candidates: Candidate[]) =>
  saveLinks((work) => db.transaction(work), album, { candidates, model: null }, context())

test('a product that no longer matches is withdrawn, and linked again when it matches again', async () => {
  const db = await createDb()
  await save(db, accepted('B000000001'), accepted('B000000002'))
  expect((await save(db, accepted('B000000001'))).withdrawnAsins).toEqual(['B000000002'])
  expect(await findLinkedAsins(db, '1', 'www.amazon.ca')).toEqual(['B000000001'])
  expect((await save(db, accepted('B000000001'))).withdrawnAsins).toEqual([])
  await save(db, accepted('B000000001'), accepted('B000000002'))
  expect((await findLinkedAsins(db, '1', 'www.amazon.ca')).sort()).toEqual(['B000000001', 'B000000002'])
})

test('a request that runs again after its process died tells again what it has withdrawn', async () => {
  const db = await createDb()
  await save(db, accepted('B000000001'), accepted('B000000002'))
  const match = { candidates: [accepted('B000000001')], model: null }
  const same = context()
  const saveSame = () => saveLinks((work) => db.transaction(work), album, match, same)
  expect((await saveSame()).withdrawnAsins).toEqual(['B000000002'])
  expect((await saveSame()).withdrawnAsins).toEqual(['B000000002'])
  expect((await save(db, accepted('B000000001'))).withdrawnAsins).toEqual([])
})

test('an unknown price does not erase a known one, and a known one replaces it', async () => {
  const db = await createDb()
  const price = (amount: number) => ({ amount, currency: 'CAD' })
  await save(db, accepted('B000000001', { price: price(12.34), fetchedAt: 1_000, salesRank: 7 }))
  const [unpriced] = (await save(db, accepted('B000000001', { price: null, fetchedAt: 2_000, salesRank: null }))).links
  expect(unpriced).toMatchObject({ priceMinor: 1_234, currency: 'CAD', pricedAt: 1_000, salesRank: 7 })
  const [repriced] = (await save(db, accepted('B000000001', { price: price(9.99), fetchedAt: 3_000 }))).links
  expect(repriced).toMatchObject({ priceMinor: 999, pricedAt: 3_000 })
  const [again] = (await save(db, accepted('B000000001', { price: null }))).links
  expect(again).toMatchObject({ priceMinor: 999, pricedAt: 3_000 })
})

test('a price that was never known is null, not zero', async () => {
  const db = await createDb()
  const [link] = (await save(db, accepted('B000000001', { price: null }))).links
  expect(link).toMatchObject({ priceMinor: null, currency: null, pricedAt: null })
})
