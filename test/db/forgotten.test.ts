import { expect, test, vi } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { forgetAlbums } from '../../src/db/forget.ts'
import { findForgotten, timeRequest } from '../../src/db/forgotten.ts'
import { aRequest, at, DAY, enrichment, finish, NEVER, open, openLedger } from '../stack/a-ledger.ts'

const MINUTE = 60_000

/** PostgreSQL's time, in milliseconds. */
async function timeOf(db: Database): Promise<number> {
  const [row] = await db.query((em) =>
    em.execute<{ now: number }[]>('select extract(epoch from clock_timestamp())::float8 * 1000 as now'),
  )
  return row?.now ?? Number.NaN
}

async function forget(db: Database, albumId: string, notBefore?: number): Promise<number> {
  const [known] = await forgetAlbums(db, [{ albumId }], notBefore === undefined ? {} : { notBefore })
  return known?.forgottenAt ?? Number.NaN
}

/** As builds before did whose host was ahead. */
const insertForgotten = (db: Database, albumId: string, ahead: string) =>
  db.query((em) => em.execute(`insert into forgotten values (?, clock_timestamp() + ?::interval)`, [albumId, ahead]))

test.each([-10, 10])('a host whose clock is wrong by %i minutes tells no other time', async (minutes) => {
  const { db } = await openLedger()
  const { now } = Date
  vi.spyOn(Date, 'now').mockImplementation(() => now() + minutes * MINUTE)
  const before = await timeOf(db)
  const requestedAt = await timeRequest(db)
  const forgottenAt = await forget(db, '1')
  const later = await timeRequest(db)
  const times = [Math.floor(before), requestedAt, forgottenAt, later, await timeOf(db)]
  vi.restoreAllMocks()
  expect(times.toSorted((one, other) => one - other)).toEqual(times)
  expect(later).toBeGreaterThan(forgottenAt)
})

test('an album is forgotten later than its requests were made, though by a clock that was ahead, and no sooner than asked', async () => {
  const { db, ledger } = await openLedger()
  const requestedAt = (await timeRequest(db)) + 10 * MINUTE
  const waiting = { ...aRequest(), requestedAt }
  await finish(ledger, await open(ledger, { ...aRequest(), requestedAt }, at(1n)), enrichment())
  expect(await forget(db, '1')).toBe(requestedAt)
  expect(await ledger.open(waiting, at(2n), requestedAt, NEVER)).toEqual({ kind: 'forgotten' })
  const again = { ...aRequest(), requestedAt: await timeRequest(db) }
  expect((await ledger.open(again, at(3n), requestedAt, NEVER)).kind, 'asked for anew').toBe('work')
  // What is asked for meanwhile is ahead as well, and older than whatever is forgotten next.
  const other = { ...aRequest({ albumId: '2' }), requestedAt: again.requestedAt }
  await forget(db, '2')
  expect(await ledger.open(other, at(4n), requestedAt, NEVER)).toEqual({ kind: 'forgotten' })
  expect(await forget(db, '3', requestedAt + MINUTE)).toBe(requestedAt + MINUTE)
})

test('a time that is ahead by days moves no clock, and is mended when the album is forgotten again', async () => {
  const { db, ledger } = await openLedger()
  await insertForgotten(db, '1', '3 days')
  const now = await timeOf(db)
  expect((await timeRequest(db)) - now).toBeLessThan(MINUTE)
  const requestedAt = Math.floor(now) + 3 * DAY
  await finish(ledger, await open(ledger, { ...aRequest({ albumId: '2' }), requestedAt }, at(1n)), enrichment())
  expect((await forget(db, '2')) - now).toBeLessThan(MINUTE)
  expect((await forget(db, '1')) - now).toBeLessThan(MINUTE)
  const asked = { album: { albumId: '1' }, requestedAt: Math.floor(now) + MINUTE, source: null }
  expect((await findForgotten(db, [asked])).size).toBe(0)
})
