import { expect, test } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { endDiscarded } from '../../src/db/discarded-images.ts'
import { type Forgotten, forgetAlbums } from '../../src/db/forget.ts'
import { findForgotten } from '../../src/db/forgotten.ts'
import { LeaseStore } from '../../src/db/lease-store.ts'
import { buryPublished } from '../../src/db/tombstones.ts'
import type { Enrichment } from '../../src/enrich/enrich-album.ts'
import { noteModelCall } from '../../src/worker/ledger/model-calls.ts'
import { aRequest, at, enrichment, finish, NEVER, NOW, open, openLedger } from '../stack/a-ledger.ts'
import { holdRows, waitForLocks } from '../stack/hold-rows.ts'

/** Tables that hold something of albums. */
const TABLES = [
  'album',
  'enrichment',
  'candidate',
  'external_link',
  'artwork',
  'person_verdict',
  'outbox',
  'model_call',
  'former_image',
]

async function countRows(db: Database): Promise<Record<string, number>> {
  const counts = await Promise.all(
    TABLES.map(async (table) => {
      const [row] = await db.query((em) => em.execute<{ n: number }[]>(`select count(*)::int as n from ${table}`))
      return [table, row?.n ?? -1] as const
    }),
  )
  return Object.fromEntries(counts.filter(([, rows]) => rows > 0))
}

const withImage = (key: string): Enrichment => {
  const what = enrichment()
  return { ...what, artwork: { ...what.artwork, status: 'stored', key } }
}

const CALL = {
  ...{ albumId: '1', at: NOW, model: 'gpt', promptVersion: '2', candidates: 3, result: 'ok' as const, answer: '{}' },
  ...{ inputTokens: 7, outputTokens: 4, spentTokens: 11, cost: null, latencyMs: 8 },
}

/** The first time of a request that counts again. */
const after = (known: Forgotten | undefined) => Math.floor(known?.forgottenAt ?? Number.NaN) + 1

test('no table that holds something of albums is passed over', async () => {
  const { db } = await openLedger()
  const rows = await db.query((em) =>
    em.execute<{ table_name: string }[]>(
      `select table_name from information_schema.columns
       where table_schema = 'public' and column_name = 'album_id' and table_name <> 'forgotten'`,
    ),
  )
  expect(rows.map(({ table_name }) => table_name).sort()).toEqual([...TABLES].sort())
})

test('all of an album is erased, and nothing of another; a second time does no harm', async () => {
  const { db, ledger } = await openLedger()
  for (const albumId of ['1', '2']) {
    const request = aRequest({ albumId })
    const job = await open(ledger, request, at(BigInt(albumId)))
    noteModelCall(job, CALL)
    await finish(ledger, job, withImage(`artwork/${albumId}/original.jpg`))
    await db.query((em) =>
      em.execute(`insert into person_verdict values (?, 'www.amazon.ca', 'B1', 'reject', 'me', now())`, [albumId]),
    )
    await db.query((em) =>
      em.execute(`insert into former_image values (?, 'www.amazon.ca', 'artwork/former/original.jpg')`, [albumId]),
    )
    await db.query((em) =>
      em.execute(`insert into outbox values (gen_random_uuid(), 'express', ?, '', now())`, [albumId]),
    )
  }
  const before = await countRows(db)
  expect(Object.keys(before)).toEqual(TABLES)
  const [known] = await forgetAlbums(db, [{ albumId: '1' }])
  const counts = { requests: 1, candidates: 2, links: 1, verdicts: 1, images: 2 }
  expect(known).toEqual({ albumId: '1', forgottenAt: expect.any(Number), isKnown: true, ...counts })
  const half = Object.fromEntries(Object.entries(before).map(([table, rows]) => [table, rows / 2]))
  expect(await countRows(db)).toEqual(half)
  expect(await forgetAlbums(db, [{ albumId: '1' }])).toMatchObject([{ isKnown: false, requests: 0 }])
  expect(await countRows(db)).toEqual(half)
})

test('a tombstone is in the outbox where it is wanted, once, and again for a result that came late', async () => {
  const { db, ledger } = await openLedger()
  const waiting = () => db.query((em) => em.execute('select topic, album_id, length(value)::int as bytes from outbox'))
  await finish(ledger, await open(ledger, aRequest(), at(1n)), enrichment())
  await forgetAlbums(db, [{ albumId: '1' }], { tombstonesIn: 'enriched' })
  const [known] = await forgetAlbums(db, [{ albumId: '1' }], { tombstonesIn: 'enriched' })
  const tombstone = { topic: 'enriched', album_id: '1', bytes: 0 }
  expect(await waiting()).toEqual([tombstone])
  await buryPublished(db, ['1', '2'], 'enriched')
  expect(await waiting()).toEqual([tombstone, tombstone])
  await open(ledger, { ...aRequest(), requestedAt: after(known) }, at(2n))
  await buryPublished(db, ['1'], 'enriched')
  expect((await waiting()).length, 'imported anew').toBe(2)
})

test('while one lane is not to be had, no other waits long until an album is forgotten in all', async () => {
  const { db, ledger, store } = await openLedger()
  await open(ledger, aRequest(), at(1n))
  const other = new LeaseStore(db, 'a lane')
  const { token } = await other.take()
  const letGo = await holdRows(db, `select from lane where name = '${store.name}' for update`)
  const forgetting = forgetAlbums(db, [{ albumId: '1' }])
  await waitForLocks(db, 1)
  // It has this one in hand.
  await other.save(token, async () => undefined)
  await letGo()
  expect(await forgetting).toMatchObject([{ isKnown: true }])
})

test('an album in the air is not saved any more, nor is one taken up that waited; what is requested later counts', async () => {
  const { db, ledger } = await openLedger()
  const [inTheAir, waiting] = [aRequest(), aRequest()]
  const job = await open(ledger, inTheAir, at(1n))
  noteModelCall(job, CALL)
  const [known] = await forgetAlbums(db, [{ albumId: '1' }])
  const forgotten = { code: 'ALBUM_FORGOTTEN' }
  await expect(ledger.saveAnswer(job, 'search.fields', [], NEVER)).rejects.toMatchObject(forgotten)
  await expect(finish(ledger, job, withImage('artwork/a/original.jpg'))).rejects.toMatchObject(forgotten)
  expect(await ledger.open(inTheAir, at(1n), NOW, NEVER)).toEqual({ kind: 'forgotten' })
  expect(await ledger.open(waiting, at(2n), NOW, NEVER)).toEqual({ kind: 'forgotten' })
  expect(await countRows(db)).toEqual({})
  expect(await endDiscarded(db, 'www.amazon.ca', async () => undefined, 10), 'its image').toBe(1)

  await finish(ledger, await open(ledger, { ...aRequest(), requestedAt: after(known) }, at(3n)), enrichment())
  expect(await ledger.open(waiting, at(4n), NOW, NEVER), 'an old one all the same').toEqual({ kind: 'forgotten' })
  expect(await countRows(db)).toMatchObject({ album: 1, enrichment: 1 })
})

test('albums are forgotten between the saves of a worker and never beside one', async () => {
  const { db, stores, ledger } = await openLedger()
  const reached = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const saving = stores.save(async (query) => {
    await query({ name: 'insert album', text: `insert into album values ('1', '{}', now(), 1)` }, [])
    reached.resolve()
    await goOn.promise
  })
  await reached.promise
  const forgetting = forgetAlbums(db, [{ albumId: '1' }])
  goOn.resolve()
  await saving
  expect(await forgetting).toMatchObject([{ isKnown: true }])
  expect(await countRows(db)).toEqual({})
  expect((await open(ledger, aRequest({ albumId: '2' }), at(1n))).album.albumId).toBe('2')
})

test('a tombstone that is not known is not heeded after a later import, an earlier one is', async () => {
  const { db, ledger } = await openLedger()
  await finish(ledger, await open(ledger, aRequest({}, 7), at(1n)), enrichment())
  const place = { topic: 'imported', partition: 0 }
  const tombstone = (offset: bigint, timestamp: number) => [
    { albumId: '1', tombstone: { ...place, offset, timestamp } },
  ]
  expect(await forgetAlbums(db, tombstone(5n, NOW - 1))).toEqual([])
  const asked = { album: { albumId: '1' }, requestedAt: 0, source: null }
  expect((await findForgotten(db, [asked])).size).toBe(0)
  // A topic that was made anew counts from zero.
  expect(await forgetAlbums(db, tombstone(5n, NOW + 1))).toMatchObject([{ isKnown: true }])
  expect((await findForgotten(db, [asked])).size).toBe(1)
})
