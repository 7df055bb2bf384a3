import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { readLane, setLaneState, storeHolds } from '../../src/db/lane.ts'
import { LaneState } from '../../src/holds/lane-state.ts'
import { createLogger } from '../../src/log.ts'
import { createTestEnv } from '../stack/test-env.ts'

const hold = (cause: string) => ({ cause, message: 'no', remedy: 'none' })

/** A group that is no lane, and its members. */
async function openGroup() {
  const db = new Database((await createTestEnv()).DATABASE_URL)
  onTestFinished(() => db.close())
  await db.migrate()
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  /** @param mayStore what each store waits for */
  const open = (mayStore = () => Promise.resolve(), onResume = () => {}) => {
    const state = new LaneState({
      ...{ db, name: 'group', isLane: false, log: createLogger('fatal'), stop: stop.signal },
      part: () => 'active',
      storeHolds: (holds, former) => mayStore().then(() => storeHolds(db, 'group', holds, former)),
      onResume,
    })
    state.start()
    return state
  }
  const stored = async () => (await readLane(db, 'group')).holds.map(({ cause }) => cause).toSorted()
  return { db, stop, open, stored }
}

test('a member that becomes active clears what a dead one left behind, and not what another one holds for', async () => {
  const { db, stop, open, stored } = await openGroup()
  await storeHolds(db, 'group', [{ ...hold('of a dead one'), since: new Date().toISOString() }], [])
  const first = open()
  await first.lastSeen(stop.signal)
  first.hold('registry', hold('intake_REGISTRY_UNAVAILABLE'))
  first.partChanged()
  await expect.poll(stored).toEqual(['intake_REGISTRY_UNAVAILABLE'])

  const second = open()
  await second.lastSeen(stop.signal)
  second.hold('flood', hold('intake_flood'))
  second.partChanged()
  await expect.poll(stored).toEqual(['intake_REGISTRY_UNAVAILABLE', 'intake_flood'])
  // And it stays so.
  await second.look(stop.signal)
  await second.look(stop.signal)
  expect(await stored()).toEqual(['intake_REGISTRY_UNAVAILABLE', 'intake_flood'])
})

test('a hold that began right before a stop is stored when it is closed', async () => {
  const { stop, open, stored } = await openGroup()
  const answered = Promise.withResolvers<void>()
  let isHeld = false
  const state = open(() => (isHeld ? answered.promise : Promise.resolve()))
  await state.look(stop.signal)
  await state.look(stop.signal)
  isHeld = true
  state.hold('flood', hold('intake_flood'))
  stop.abort()
  let isClosed = false
  const closing = state.closed().then(() => {
    isClosed = true
  })
  expect(await stored()).toEqual([])
  expect(isClosed).toBe(false)
  answered.resolve()
  await closing
  expect(await stored()).toEqual(['intake_flood'])
})

test('every resume is heard once, also the first after the clock of the database was put back, and none from before a start', async () => {
  const { db, stop, open } = await openGroup()
  const say = (state: 'running' | 'paused') => setLaneState(db, ['group'], { state, accept: false, changedBy: 'me' })
  const turnClock = (by: string) =>
    db.query((em) => em.execute(`update lane set changed_at = changed_at + interval '${by}'`))
  const heard = { first: 0, late: 0 }
  await say('running')
  // What was said before the clock was put back.
  await turnClock('1 hour')
  const first = open(undefined, () => (heard.first += 1))
  await first.lastSeen(stop.signal)
  /** Two looks: the one at hand may have read the row already. */
  const look = async () => {
    await first.look(stop.signal)
    await first.look(stop.signal)
  }
  await look()
  expect(heard.first, 'a start hears nothing from before').toBe(0)
  await say('running')
  await look()
  expect(heard.first).toBe(1)

  const late = open(undefined, () => (heard.late += 1))
  await late.lastSeen(stop.signal)
  await say('paused')
  await look()
  await say('running')
  await look()
  await late.look(stop.signal)
  await late.look(stop.signal)
  expect(heard).toEqual({ first: 2, late: 1 })
})
