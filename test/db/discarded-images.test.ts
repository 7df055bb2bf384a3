import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { claimImage, discardImage, endDiscarded } from '../../src/db/discarded-images.ts'
import { forgetAlbums } from '../../src/db/forget.ts'
import { timeRequest } from '../../src/db/forgotten.ts'
import { downloadArtwork } from '../../src/enrich/artwork/download-artwork.ts'
import type { Enrichment } from '../../src/enrich/enrich-album.ts'
import { createObjectStore } from '../../src/storage/object-store.ts'
import { aRequest, at, enrichment, finish, NEVER, open, openLedger } from '../stack/a-ledger.ts'
import { paintImage } from '../stack/stand-ins/images.ts'

const withImage = (key: string | null): Enrichment => {
  const what = enrichment()
  return { ...what, artwork: { ...what.artwork, status: key === null ? 'none' : 'stored', key } }
}

const keyOf = (name: string) => `artwork/${name}/original.jpg`

const discarded = async (db: Database) =>
  (await db.query((em) => em.execute<{ key: string }[]>('select key from discarded_image order by key'))).map(
    ({ key }) => key,
  )

/** A store with files, and a worker that works with it. */
async function openStore() {
  const { db, ledger } = await openLedger()
  const folder = mkdtempSync(join(tmpdir(), 'discarded-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const store = createObjectStore(folder)
  const remove = (key: string) => store.removeAll(dirname(key))
  let offset = 0n
  const take = async (albumId = '1') => {
    offset += 1n
    return open(ledger, { ...aRequest({ albumId }), requestedAt: await timeRequest(db) }, at(offset))
  }
  /** As the stage does that gets an album its image. */
  const download = async (path: string, claim = (key: string) => claimImage(db, key)) => {
    const image = { url: `https://images${path}`, width: 500, height: 500 }
    const fetchImage = () => paintImage(path)
    const outcome = await downloadArtwork([{ asin: 'B000000001', image }], { fetchImage, store, claim }, NEVER)
    if (outcome.status !== 'stored') throw new Error(`expected an image, got ${JSON.stringify(outcome)}`)
    return outcome
  }
  return {
    db,
    ledger,
    take,
    download,
    save: async (key: string | null, albumId = '1') => finish(ledger, await take(albumId), withImage(key)),
    remove,
    endAll: (by = remove) => endDiscarded(db, 'www.amazon.ca', by, 10),
    isThere: (key: string) => existsSync(join(folder, key)),
  }
}

test('the image of an album that is forgotten and imported anew outlives the deletion that comes in between', async () => {
  const { db, ledger, take, download, endAll, isThere } = await openStore()
  const { key } = await download('/cover.jpg')
  await finish(ledger, await take(), withImage(key))
  await forgetAlbums(db, [{ albumId: '1' }])
  const job = await take()
  // Found in the store, which is emptied before it can be claimed.
  const again = await download('/cover.jpg', async (claimed) => {
    await endAll()
    expect(isThere(claimed)).toBe(false)
    await claimImage(db, claimed)
  })
  expect(again.key).toBe(key)
  await endAll()
  await finish(ledger, job, withImage(key))
  await endAll()
  for (const file of [key, ...again.variants.map((variant) => variant.key)]) expect(isThere(file), file).toBe(true)
})

test('an image that is being deleted is waited for, and put there again', async () => {
  const { db, save, download, endAll, remove, isThere } = await openStore()
  const { key } = await download('/cover.jpg')
  await save(key)
  await forgetAlbums(db, [{ albumId: '1' }])
  const deleting = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const ending = endAll(async () => {
    deleting.resolve()
    await goOn.promise
    await remove(key)
  })
  await deleting.promise
  let isClaimed = false
  const claiming = claimImage(db, key).then(() => {
    isClaimed = true
  })
  const waiting = `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await expect.poll(() => db.query((em) => em.execute(waiting)), { interval: 10 }).toEqual([{ n: 1 }])
  expect([isClaimed, isThere(key)]).toEqual([false, true])
  goOn.resolve()
  await Promise.all([ending, claiming])
  expect(isThere(key)).toBe(false)
  await download('/cover.jpg')
  expect([isThere(key), await discarded(db)]).toEqual([true, []])
})

test('a store that takes longer than a transaction may be idle is waited for all the same', async () => {
  const { db, endAll } = await openStore()
  await discardImage(db, 'www.amazon.ca', keyOf('slow'))
  const idleLong = `
    select count(*)::int as n from pg_stat_activity
    where datname = current_database() and state = 'idle in transaction' and clock_timestamp() - state_change > interval '4 s'`
  const slow = () =>
    expect.poll(() => db.query((em) => em.execute(idleLong)), { timeout: 30_000 }).toEqual([{ n: 1 }]) as Promise<void>
  expect(await endAll(slow)).toBe(1)
  expect(await discarded(db)).toEqual([])
})

test('an album saves its image while that is being discarded: it is no more', async () => {
  const { db, save, endAll } = await openStore()
  await discardImage(db, 'www.amazon.ca', keyOf('shared'))
  await discardImage(db, 'www.amazon.de', keyOf('shared'))
  await save(keyOf('shared'))
  expect(await discarded(db)).toEqual([])
  const fails = () => Promise.reject(new Error('deleted'))
  await discardImage(db, 'www.amazon.ca', keyOf('shared'))
  expect(await endAll(fails), 'discarded for another album').toBe(1)
  expect(await discarded(db)).toEqual([])
})

test('an image is deleted unless another album needs it, and tried again when the store fails', async () => {
  const { db, save } = await openStore()
  await save('artwork/shared/original.jpg', '2')
  for (const key of ['artwork/shared/original.jpg', 'artwork/lone/original.jpg'])
    await discardImage(db, 'www.amazon.ca', key)
  const fails = async () => {
    throw new Error('the store is away')
  }
  await expect(endDiscarded(db, 'www.amazon.ca', fails, 10)).rejects.toThrow('the store is away')
  const removed: string[] = []
  const remove = async (key: string) => void removed.push(key)
  await endDiscarded(db, 'www.amazon.ca', remove, 10)
  expect(removed).toEqual(['artwork/lone/original.jpg'])
  expect(await endDiscarded(db, 'www.amazon.ca', remove, 10)).toBe(0)
})

test('an album that is forgotten takes the images with it that it had before, unless another has or had them', async () => {
  const { db, download, save, endAll, isThere } = await openStore()
  const paths = ['/replaced.jpg', '/last.jpg', '/shared.jpg', '/once-shared.jpg', '/again.jpg']
  const keys: string[] = []
  for (const path of paths) keys.push((await download(path)).key)
  const [replaced = '', last = '', shared = '', onceShared = '', again = ''] = keys
  for (const key of [onceShared, shared]) await save(key, '2')
  // As when the catalogue got an image of its own meanwhile, and lost it.
  for (const key of [again, replaced, null, shared, onceShared, again, again, last]) await save(key)
  expect(await discarded(db), 'readers may hold their keys').toEqual([])
  expect(await forgetAlbums(db, [{ albumId: '1' }])).toMatchObject([{ images: 5 }])
  expect(await discarded(db)).toEqual([...keys].sort())
  await endAll()
  expect(keys.filter(isThere)).toEqual([shared, onceShared])

  expect(await forgetAlbums(db, [{ albumId: '2' }])).toMatchObject([{ images: 2 }])
  await endAll()
  expect(keys.filter(isThere)).toEqual([])
})
