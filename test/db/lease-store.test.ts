import { expect, onTestFinished, test } from 'vitest'
import { LeaseStore } from '../../src/db/lease-store.ts'
import { openLedger } from '../stack/a-ledger.ts'
import { holdRows, waitForLocks } from '../stack/hold-rows.ts'

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
