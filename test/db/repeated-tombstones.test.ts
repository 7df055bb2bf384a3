import { expect, test } from 'vitest'
import { type Forgotten, forgetAlbums } from '../../src/db/forget.ts'
import type { EnrichmentRequested } from '../../src/events.ts'
import { aRequest, at, enrichment, finish, NEVER, NOW, open, openLane, openLedger } from '../stack/a-ledger.ts'

const HOUR = 3_600_000

/** Two lanes that share album.imported and their tables, of which the other one reads it late. */
async function openLanes() {
  const { db, ledger } = await openLedger()
  const { ledger: late } = await openLane(db, 'late', 'www.amazon.de')
  const heeded: Forgotten[] = []
  let delivered = 0n
  const next = () => {
    delivered += 1n
    return at(delivered)
  }
  return {
    db,
    ledger,
    late,
    /** A request for what was imported at an offset, made after all that was forgotten by then. */
    importedAt: (offset: number, changes: Partial<EnrichmentRequested> = {}) => ({
      ...aRequest({}, offset),
      requestedAt: Math.floor(heeded.at(-1)?.forgottenAt ?? NOW) + 1,
      ...changes,
    }),
    enrich: async (of: typeof ledger, request: EnrichmentRequested) =>
      finish(of, await open(of, request, next()), enrichment()),
    take: async (of: typeof ledger, request: EnrichmentRequested) => (await of.open(request, next(), NOW, NEVER)).kind,
    /** Read by a lane that has made requests until then. */
    readTombstone: async (offset: bigint, changes: { timestamp?: number; topic?: string; partition?: number } = {}) => {
      const tombstone = { topic: 'imported', partition: 0, offset, timestamp: NOW, ...changes }
      const [known] = await forgetAlbums(db, [{ albumId: '1', tombstone }], { tombstonesIn: 'enriched' })
      if (known !== undefined) heeded.push(known)
      return known
    },
    count: async () => {
      const tables = ['album', 'enrichment', 'external_link', 'outbox']
      const counts = tables.map((table) => `(select count(*)::int from ${table}) as ${table}`)
      return (await db.query((em) => em.execute<object[]>(`select ${counts.join()}`)))[0]
    },
  }
}

test('a late lane reads a tombstone again: what was imported behind it, and waits on another lane, is enriched', async () => {
  const { ledger, readTombstone, take, importedAt } = await openLanes()
  const first = await readTombstone(5n)
  const waiting = importedAt(6)
  const again = await readTombstone(5n)
  expect(again?.forgottenAt).toBe(first?.forgottenAt)
  expect(await take(ledger, waiting)).toBe('work')
})

test('a late lane reads a tombstone again: what was stored of a later import stays, whatever its time of import', async () => {
  const { ledger, readTombstone, enrich, count, importedAt } = await openLanes()
  await readTombstone(5n, { timestamp: NOW + HOUR })
  await enrich(ledger, importedAt(6))
  const stored = await count()
  expect(stored).toMatchObject({ album: 1, enrichment: 1, external_link: 1, outbox: 1 })
  expect(await readTombstone(5n, { timestamp: NOW + HOUR })).toBe(undefined)
  // One of before it, too, and with no tombstone behind the result.
  expect(await readTombstone(2n)).toBe(undefined)
  expect(await count()).toEqual(stored)
})

test("a late lane's own requests of before a tombstone are skipped, and what they stored is erased, though it was heeded before", async () => {
  const { late, ledger, readTombstone, enrich, take, count, importedAt } = await openLanes()
  await readTombstone(5n)
  const [done, inTheAir, waiting] = [importedAt(3), importedAt(4), importedAt(4)]
  await enrich(late, done)
  const job = await open(late, inTheAir, at(100n))
  // As the service asks for artwork that is missing, by itself.
  const ofItself = importedAt(4, { source: null })
  expect(await readTombstone(5n)).toMatchObject({ isKnown: true, requests: 2, links: 1 })
  await expect(finish(late, job, enrichment())).rejects.toMatchObject({ code: 'ALBUM_FORGOTTEN' })
  for (const request of [done, inTheAir, waiting, ofItself]) expect(await take(late, request)).toBe('forgotten')
  expect(await count()).toMatchObject({ album: 0, enrichment: 0, external_link: 0 })

  // Behind it all is as ever, also for requests without a source.
  await enrich(ledger, importedAt(6))
  expect(await take(late, waiting)).toBe('forgotten')
  expect(await take(late, ofItself)).toBe('work')
  expect(await take(late, importedAt(6))).toBe('work')
})

test('of several tombstones the last one counts, also while those before it are read again', async () => {
  const { late, readTombstone, take, importedAt } = await openLanes()
  await readTombstone(5n)
  await readTombstone(9n, { timestamp: NOW + 1 })
  const [between, behind] = [importedAt(7), importedAt(10)]
  await readTombstone(5n)
  expect(await take(late, between)).toBe('forgotten')
  const later = importedAt(8, { requestedAt: Date.now() + HOUR })
  expect(await take(late, later), 'imported before the last, which this lane has not read again').toBe('work')
  await readTombstone(9n, { timestamp: NOW + 1 })
  expect(await take(late, behind)).toBe('work')
})

test.each([
  ['its topic was made anew', { timestamp: NOW + 1 }],
  ['it stands in another partition', { partition: 1 }],
  ['it stands in another topic', { topic: 'others' }],
])('a new tombstone is none that was heeded before: %s', async (_, changes) => {
  const { ledger, readTombstone, enrich, take, count, importedAt } = await openLanes()
  const first = await readTombstone(100n)
  const waiting = importedAt(102)
  await enrich(ledger, importedAt(101))
  const known = await readTombstone(5n, changes)
  expect(known).toMatchObject({ isKnown: true, links: 1 })
  expect(known?.forgottenAt).toBeGreaterThan(first?.forgottenAt ?? Number.NaN)
  expect(await count()).toMatchObject({ album: 0, external_link: 0 })
  expect(await take(ledger, waiting)).toBe('forgotten')
  // Its imports count from zero as well.
  expect(await take(ledger, importedAt(6))).toBe('work')
})

test('what a command forgets is forgotten whatever tombstone was heeded before', async () => {
  const { db, ledger, readTombstone, enrich, take, importedAt } = await openLanes()
  await readTombstone(5n)
  const waiting = importedAt(7)
  await enrich(ledger, importedAt(6))
  expect(await forgetAlbums(db, [{ albumId: '1' }])).toMatchObject([{ isKnown: true }])
  expect(await take(ledger, waiting)).toBe('forgotten')
})
