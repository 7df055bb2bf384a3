import { expect, test } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { forgetAlbums } from '../../src/db/forget.ts'
import { timeRequest } from '../../src/db/forgotten.ts'
import { decideReview, type PersonDecision } from '../../src/ops/review.ts'
import { aRequest, at, enrichment, finish, open, openLedger } from '../stack/a-ledger.ts'
import { holdRows, waitForLocks } from '../stack/hold-rows.ts'

const requested = {
  encode: async () => Buffer.from('request'),
  decode: async () => aRequest(),
  tryApart: async () => undefined,
  needsRegistry: () => false,
}
const { album } = aRequest()

const accept = (...asins: string[]): PersonDecision[] => asins.map((asin) => ({ asin, verdict: 'accept' }))

const review = async (db: Database, ...asins: string[]) =>
  decideReview(db, { requested }, { album, marketplace: 'www.amazon.ca' }, accept(...asins), {
    topic: 'express',
    by: 'maria',
    requestedAt: await timeRequest(db),
  })

const count = async (db: Database, rows: string) => {
  const [row] = await db.query((em) => em.execute<{ n: number }[]>(`select count(*)::int as n from ${rows}`))
  return row?.n
}

/** An album with a verdict, whose request waits in the outbox. */
async function openReviewed() {
  const { db, ledger } = await openLedger()
  await finish(ledger, await open(ledger, aRequest(), at(1n)), enrichment())
  await review(db, 'B000000002')
  const isAtRest = (waiting: number) => waitForLocks(db, waiting)
  return { db, isAtRest }
}

const left = async (db: Database) =>
  Promise.all(['person_verdict', 'outbox', 'album'].map(async (table) => count(db, table)))

test('a verdict that is being stored while its album is forgotten is erased with it', async () => {
  const { db, isAtRest } = await openReviewed()
  const letGo = await holdRows(db, 'select from person_verdict for update')
  const reviewing = review(db, 'B000000001', 'B000000002')
  await isAtRest(1)
  const forgetting = forgetAlbums(db, [{ albumId: album.albumId }])
  await isAtRest(2)
  await letGo()
  await reviewing
  expect(await forgetting).toMatchObject([{ isKnown: true, verdicts: 2 }])
  expect(await left(db)).toEqual([0, 0, 0])
})

test('a verdict on an album that is being forgotten is refused', async () => {
  const { db, isAtRest } = await openReviewed()
  const letGo = await holdRows(db, 'select from outbox for update')
  const forgetting = forgetAlbums(db, [{ albumId: album.albumId }])
  await isAtRest(1)
  const reviewing = review(db, 'B000000001').catch((error) => error)
  // Either it waits, or, as it must not, it is stored.
  await Promise.race([isAtRest(2), reviewing])
  await letGo()
  expect(await forgetting).toMatchObject([{ isKnown: true, verdicts: 1 }])
  expect(await reviewing).toMatchObject({ code: 'RECORD_INVALID', message: expect.stringContaining('was forgotten') })
  expect(await left(db)).toEqual([0, 0, 0])
})
