import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { OwnedLane, readLane, resumedAt, setLaneState, storeHolds } from '../../src/db/lane.ts'
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
  const owned = new OwnedLane(db, 'lane')
  await owned.takeOver()
  await owned.storeFlush(1)
  await owned.storeFlush(2)
  await owned.storeFlush(2)
  await owned.storeOffsets('cluster', new Map([['album.enrichment', 3n]]), true)
  // A backup from a commit ago, with the same fence in it.
  await db.query((em) => em.execute('update lane set flush = 1'))
  await expect(owned.storeFlush(3)).rejects.toMatchObject({ code: 'LANE_LOST' })
  await expect(owned.storeOffsets('cluster', new Map(), false)).rejects.toMatchObject({ code: 'LANE_LOST' })
  expect(await readLane(db, 'lane')).toMatchObject({ flush: 1, offsets: { 'album.enrichment': 3n } })
})

test('what was accepted stays accepted when another cause comes before the lane has started', async () => {
  const db = await openDatabase()
  const owned = new OwnedLane(db, 'lane')
  const accept = () => setLaneState(db, ['lane'], { state: 'running', accept: true, changedBy: 'me' })
  await owned.takeOver()
  await owned.storeHolds([hold('offset_missing')])
  await accept()
  await owned.storeHolds([hold('database_behind')])
  await accept()
  expect((await readLane(db, 'lane')).accepted.toSorted()).toEqual(['database_behind', 'offset_missing'])
  await owned.storeOffsets('cluster', new Map(), true)
  expect((await readLane(db, 'lane')).accepted).toEqual([])
})

test('a takeover finds the hold that only a person ends, tells of it before it can store, and no other', async () => {
  const db = await openDatabase()
  const former = new OwnedLane(db, 'lane')
  await former.takeOver()
  const flood = hold('flood')
  await former.storeHolds([hold('AMAZON_UNAVAILABLE'), flood])
  const found: unknown[] = []
  const successor = new OwnedLane(db, 'lane', ({ holds }) => found.push(successor.fence, holds))
  await successor.takeOver()
  expect(found).toEqual([0, [flood]])
  expect((await readLane(db, 'lane')).holds).toEqual([flood])
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
  await new OwnedLane(db, 'lane').takeOver()
  expect(await resumed()).toBe(0)
  await set('paused')
  expect(await resumed()).toBe(0)
  await set('running')
  expect(await resumed()).toBeGreaterThan(Date.now() - 60_000)
})

test('what waits for the database is told to stop when possession comes into doubt, and runs again once that is over', async () => {
  const db = await openDatabase()
  const owned = new OwnedLane(db, 'lane')
  const runs: AbortSignal[] = []
  const done = owned.whileSettled(async (signal) => {
    runs.push(signal)
    if (runs.length === 1)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    return runs.length
  }, new AbortController().signal)
  await expect.poll(() => runs.length).toBe(1)
  owned.unsettle()
  expect(runs.map(({ aborted }) => aborted)).toEqual([true])
  owned.unsettle()
  owned.settle()
  expect(await done).toBe(2)
  await expect(owned.whileSettled(() => Promise.reject(new Error('its own')), AbortSignal.any([]))).rejects.toThrow(
    'own',
  )
})

test('a start that failed does not pass for somebody else who had the lane', async () => {
  const db = await openDatabase()
  const [owned, other] = [new OwnedLane(db, 'lane'), new OwnedLane(db, 'lane')]
  await owned.takeOver()
  owned.settle()
  const { fence } = owned
  await owned.takeOver()
  expect((await owned.takeOver()).formerFence).toBe(fence)
  owned.settle()
  await owned.takeOver()
  await other.takeOver()
  expect((await owned.takeOver()).formerFence).toBe(other.fence)
})
