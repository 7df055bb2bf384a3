import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { LeaseStore } from '../../src/db/lease-store.ts'
import { takeUp } from '../../src/worker/ledger/take-up.ts'
import { aRequest, at, NOW, openLedger } from '../stack/a-ledger.ts'
import { holdRows, waitForLocks } from '../stack/hold-rows.ts'
import { createTestEnv } from '../stack/test-env.ts'

test('what the owner counts in its row waits for no save that is open; whoever takes the lane does', async () => {
  const { db, store, ownership } = await openLedger()
  const { token } = ownership
  const begun = Promise.withResolvers<void>()
  const letGo = Promise.withResolvers<void>()
  onTestFinished(() => letGo.resolve())
  const ends: string[] = []
  const saving = store
    .save(token, async () => {
      begun.resolve()
      await letGo.promise
    })
    .then(() => ends.push('saved'))
  await begun.promise
  await store.countCommit({ token, counted: 0 }, 1)
  await store.storeOffsets({ token, clusterId: 'cluster', counted: 1, committed: new Map() }, true)
  await store.storeHolds(token, [])
  const taking = new LeaseStore(db, 'lane').take().then(() => ends.push('taken'))
  await waitForLocks(db, 1)
  expect(ends).toEqual([])
  letGo.resolve()
  await Promise.all([saving, taking])
  expect(ends).toEqual(['saved', 'taken'])
  await expect(store.save(token, async () => undefined)).rejects.toMatchObject({ code: 'LANE_LOST' })
})

test('a save that begins while the lane is being taken waits, and is refused', async () => {
  const { db, store, ownership } = await openLedger()
  const letGo = await holdRows(db, 'select from lane for update', 'update lane set fence = fence + 1')
  const saving = store.save(ownership.token, async () => undefined).catch((error) => error)
  await waitForLocks(db, 1)
  await letGo()
  expect(await saving).toMatchObject({ code: 'LANE_LOST' })
})

test('a save sees what was forgotten while it waited, whatever isolation the database is set to', async () => {
  const url = (await createTestEnv()).DATABASE_URL
  const admin = new Database(url)
  await admin.migrate()
  const name = new URL(url).pathname.slice(1)
  await admin.query((em) =>
    em.execute(`alter database "${name}" set default_transaction_isolation = 'repeatable read'`),
  )
  await admin.close()
  const db = new Database(url)
  onTestFinished(() => db.close())
  const store = new LeaseStore(db, 'lane')
  const { token } = await store.take()
  const forgotten = `insert into forgotten (album_id, forgotten_at) values ('1', clock_timestamp())`
  const letGo = await holdRows(db, 'select from lane for update', forgotten)
  const delivery = { request: aRequest(), delivered: at(1n), now: NOW }
  const context = { marketplace: 'www.amazon.ca', processId: 'this process' }
  const opening = store.save(token, (query) => takeUp([delivery], query, context))
  await waitForLocks(db, 1)
  await letGo()
  expect(await opening).toEqual([{ kind: 'forgotten' }])
  expect(await db.run({ name: 'albums', text: 'select from album' }, [])).toEqual([])
  const asked = { name: 'isolation', text: `select current_setting('default_transaction_isolation') as is` }
  expect(await db.run(asked, []), 'of single statements').toEqual([{ is: 'read committed' }])
})
