import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { readLane, resumedAt, setLaneState, storeHolds } from '../../src/db/lane.ts'
import { LeaseStore } from '../../src/db/lease-store.ts'
import { holdRows, waitForLocks } from '../stack/hold-rows.ts'
import { createTestEnv } from '../stack/test-env.ts'

async function openDatabase(): Promise<Database> {
  const db = new Database((await createTestEnv()).DATABASE_URL)
  onTestFinished(() => db.close())
  await db.migrate()
  return db
}

const hold = (cause: string) => ({ cause, message: 'no', remedy: 'none', since: new Date().toISOString() })

test('a commit is counted again after a lost answer, and not once the database was put back under the same owner', async () => {
  const db = await openDatabase()
  const store = new LeaseStore(db, 'lane')
  const { token } = await store.take()
  await store.countCommit({ token, counted: 0 }, 1)
  await store.countCommit({ token, counted: 1 }, 2)
  await store.countCommit({ token, counted: 1 }, 2)
  const standing = { token, clusterId: 'cluster', counted: 2, committed: new Map([['album.enrichment', 3n]]) }
  await store.storeOffsets(standing, true)
  // A backup from a commit ago, with the same token in it.
  await db.query((em) => em.execute('update lane set flush = 1'))
  await expect(store.countCommit(standing, 3)).rejects.toMatchObject({ code: 'LANE_LOST' })
  await expect(store.storeOffsets({ ...standing, committed: new Map() }, false)).rejects.toMatchObject({
    code: 'LANE_LOST',
  })
  expect(await readLane(db, 'lane')).toMatchObject({ flush: 1, offsets: { 'album.enrichment': 3n } })
})

test('what was accepted stays accepted when another cause comes before the lane has started', async () => {
  const db = await openDatabase()
  const store = new LeaseStore(db, 'lane')
  const accept = () => setLaneState(db, ['lane'], { state: 'running', accept: true, changedBy: 'me' })
  const { token } = await store.take()
  await store.storeHolds(token, [hold('offset_missing')])
  await accept()
  await store.storeHolds(token, [hold('database_behind')])
  await accept()
  expect((await readLane(db, 'lane')).accepted.toSorted()).toEqual(['database_behind', 'offset_missing'])
  await store.storeOffsets({ token, clusterId: 'cluster', counted: 0, committed: new Map() }, true)
  expect((await readLane(db, 'lane')).accepted).toEqual([])
})

test('a takeover finds the hold that only a person ends, and no other, and shuts the former owner out', async () => {
  const db = await openDatabase()
  const [former, successor] = [new LeaseStore(db, 'lane'), new LeaseStore(db, 'lane')]
  const first = await former.take()
  const flood = hold('flood')
  await former.storeHolds(first.token, [hold('AMAZON_UNAVAILABLE'), flood])
  const drawn: number[][] = []
  const second = await successor.take((...tokens) => drawn.push(tokens))
  expect(second.lane.holds).toEqual([flood])
  expect(drawn).toEqual([[second.token, first.token]])
  expect(second.former).toBe(first.token)
  expect((await readLane(db, 'lane')).holds).toEqual([flood])
  await expect(former.storeHolds(first.token, [])).rejects.toMatchObject({ code: 'LANE_LOST' })
})

test('members that share a group each store their own holds', async () => {
  const db = await openDatabase()
  const [ours, theirs] = [hold('intake_flood'), hold('intake_REGISTRY_UNAVAILABLE')]
  const stored = async () => (await readLane(db, 'group')).holds.map(({ cause }) => cause).toSorted()
  await storeHolds(db, 'group', [ours], [])
  await storeHolds(db, 'group', [theirs], [])
  expect(await stored()).toEqual(['intake_REGISTRY_UNAVAILABLE', 'intake_flood'])
  await storeHolds(db, 'group', [theirs], [theirs])
  await storeHolds(db, 'group', [], [theirs])
  expect(await stored()).toEqual(['intake_flood'])
  await storeHolds(db, 'group', [], [ours])
  expect(await stored()).toEqual([])
})

test('only a person resumes, and not by pausing', async () => {
  const db = await openDatabase()
  const resumed = async () => resumedAt(await readLane(db, 'lane'))
  const set = (state: 'running' | 'paused') => setLaneState(db, ['lane'], { state, accept: false, changedBy: 'me' })
  await new LeaseStore(db, 'lane').take()
  expect(await resumed()).toBe(0)
  await set('paused')
  expect(await resumed()).toBe(0)
  await set('running')
  expect(await resumed()).toBeGreaterThan(Date.now() - 60_000)
})

test('whoever resumes several lanes takes them in the order in which an album is forgotten in all', async () => {
  const db = await openDatabase()
  const names = ['x.worker', 'x.intake']
  const set = () => setLaneState(db, names, { state: 'running', accept: false, changedBy: 'me' })
  await set()
  const letGo = await holdRows(db, `select from lane where name = 'x.intake' for update`)
  const resuming = set()
  await waitForLocks(db, 1)
  // It waits for the first and has not the other in hand yet.
  await db.run({ name: 'other', text: `select from lane where name = 'x.worker' for update nowait` }, [])
  await letGo()
  await resuming
})
