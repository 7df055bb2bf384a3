import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { readLane, storeHolds } from '../../src/db/lane.ts'
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
  const open = (mayStore = () => Promise.resolve()) => {
    const state = new LaneState({
      ...{ db, name: 'group', isLane: false, log: createLogger('fatal'), stop: stop.signal },
      part: () => 'active',
      storeHolds: (holds, former) => mayStore().then(() => storeHolds(db, 'group', holds, former)),
      onResume: () => undefined,
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
