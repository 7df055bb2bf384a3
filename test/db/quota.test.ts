import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createPace, type Pace } from '../../src/amazon/pace.ts'
import { LONGEST_WAIT_MS, MOST_AHEAD } from '../../src/amazon-slots.ts'
import { Database } from '../../src/db/database.ts'
import { QuotaRow } from '../../src/db/entities/quota.entity.ts'
import { Quota } from '../../src/db/quota.ts'
import { createDatabase } from '../stack/create-database.ts'

const never = new AbortController().signal

/** As many processes' views of one account. */
async function createQuotas(count: number, perSecond: number, perDay = 1_000_000) {
  const url = await createDatabase(inject('databaseUrl'), `quota-${randomUUID().slice(0, 8)}`)
  const dbs = Array.from({ length: count }, () => new Database(url))
  onTestFinished(async () => {
    await Promise.all(dbs.map((db) => db.close()))
  })
  const [db] = dbs
  if (db === undefined) throw new Error('no database')
  await db.migrate()
  const change = (sql: string) => db.query((em) => em.execute(sql))
  const row = () => db.query((em) => em.findOneOrFail(QuotaRow, { account: 'account' }))
  const quotas = dbs.map((each) => new Quota(each, 'account', { perSecond, perDay }))
  const paceOf = (index: number, isSteady = true) => {
    const slots = quotas[index] as Quota
    return createPace({ slots, requestsPerSecond: perSecond, patienceMs: 600_000, isSteady })
  }
  return { quotas, paceOf, change, row }
}

async function send(pace: Pace): Promise<number> {
  const grant = await pace.grant(never)
  while (grant.isStale()) await grant.renew(never)
  const at = performance.now()
  grant.sent()
  return at
}

/** Times of sends, in order, of several paces that all send as fast as they may. */
async function sendFrom(paces: Pace[], each: number): Promise<number[]> {
  const times: number[] = []
  await Promise.all(
    paces.map(async (pace) => {
      for (let count = 0; count < each; count += 1) times.push(await send(pace))
    }),
  )
  return times.sort((a, b) => a - b)
}

const gapsOf = (times: number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0))
const round = (gap: number) => Math.round(gap * 10) / 10

test('two paces on one account together never send faster than it allows', async () => {
  const { paceOf } = await createQuotas(2, 10)
  const times = await sendFrom([paceOf(0), paceOf(1)], 20)
  expect(Math.min(...gapsOf(times).map(round))).toBeGreaterThanOrEqual(90)
})

test('a pace that takes over from a killed one keeps its distance', async () => {
  const { paceOf } = await createQuotas(2, 2)
  await paceOf(0).grant(never)
  const at = performance.now()
  await paceOf(1).grant(never)
  expect(performance.now() - at).toBeGreaterThan(490)
})

test('one pace alone makes up for what its process was late, two milliseconds at a time', async () => {
  const { paceOf } = await createQuotas(1, 20)
  const pace = paceOf(0)
  const times: number[] = []
  for (let count = 0; count < 81; count += 1) {
    times.push(await send(pace))
    // Nothing moves in this process for most of an interval.
    if (count % 20 === 5) for (const until = performance.now() + 80; performance.now() < until; );
  }
  const gaps = gapsOf(times)
  // Each 80 ms made the next one 30 ms late. How late the machine makes the others nobody knows.
  expect(Math.min(...gaps.map(round))).toBeGreaterThanOrEqual(47.9)
  expect(gaps.filter((gap) => gap < 49.5).length).toBeGreaterThan(20)
})

test('what a standstill has cost is not made up for beyond 300 ms', async () => {
  const { paceOf } = await createQuotas(1, 20)
  const pace = paceOf(0)
  await sendFrom([pace], 8)
  const before = performance.now()
  while (performance.now() - before < 1_200);
  const times = await sendFrom([pace], 60)
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(59 * 50 - 310)
})

test('a hold counts for every process', async () => {
  const { paceOf, quotas } = await createQuotas(2, 10)
  const pace = paceOf(0)
  await send(pace)
  pace.slowDown(700)
  const at = performance.now()
  await quotas[0]?.slowDown(700, false)
  await paceOf(1).grant(never)
  expect(performance.now() - at).toBeGreaterThan(690)
})

test('a hold that a person ends counts for nobody any more, and what is booked already keeps its distance', async () => {
  const { quotas } = await createQuotas(2, 10)
  const [held, other] = quotas as [Quota, Quota]
  const { nextAt } = await held.book(2, 0)
  await held.hurry()
  expect((await other.book(1, 0)).after, 'a booking is no hold').toBe(nextAt)
  await held.slowDown(600_000, true)
  await held.hurry()
  const { firstAt, now } = await other.book(1, 0)
  expect(firstAt - now).toBeLessThan(400)
})

test('a turn that its process could not use in time is made good before anything is sent', async () => {
  const { paceOf } = await createQuotas(2, 2)
  const grant = await paceOf(0, false).grant(never)
  expect(grant.isStale()).toBe(false)
  // Stopped between its turn and the sending, while another process sends.
  await sleep(600)
  const at = await send(paceOf(1, false))
  expect(grant.isStale()).toBe(true)
  await grant.renew(never)
  expect(grant.isStale()).toBe(false)
  expect(performance.now() - at).toBeGreaterThan(450)
})

test('each refusal slows down more, also while another process has booked ahead', async () => {
  const { paceOf } = await createQuotas(2, 10)
  const pace = paceOf(0)
  let refusals = 0
  const stop = new AbortController()
  const busy = (async () => {
    const paced = paceOf(1)
    while (!stop.signal.aborted) await send(paced)
  })()
  const startedAt = performance.now()
  while (performance.now() - startedAt < 3_000) {
    await send(pace)
    await sleep(30)
    pace.slowDown(undefined)
    refusals += 1
  }
  stop.abort()
  await busy
  // After half a second to one, one to two, two to four.
  expect(refusals).toBeLessThanOrEqual(4)
})

test('a refusal slows everybody to four fifths, several to a quarter, and it passes by tenths', async () => {
  const { quotas, change } = await createQuotas(2, 10)
  const [refused, other] = quotas as [Quota, Quota]
  const intervalOf = async () => Math.round((await other.book(1, 0)).intervalMs)
  expect(await intervalOf()).toBe(100)
  await refused.slowDown(0, true)
  expect(await intervalOf()).toBe(125)
  await refused.slowDown(0, false)
  expect(await intervalOf(), 'refused together with the first').toBe(125)
  for (let more = 0; more < 10; more += 1) await refused.slowDown(0, true)
  expect(await intervalOf()).toBe(400)
  const later = () => change("update quota set speed_changed_at = speed_changed_at - interval '5 seconds'")
  await later()
  expect(await intervalOf()).toBe(286)
  expect(await intervalOf(), 'one step at a time').toBe(286)
  for (let step = 0; step < 10; step += 1) {
    await later()
    await intervalOf()
  }
  expect(await intervalOf()).toBe(100)
})

test('a day has so many requests for all processes together, and begins anew 24 hours after its first one', async () => {
  const { quotas, change, row } = await createQuotas(2, 1_000, 10)
  const [one, other] = quotas as [Quota, Quota]
  expect(await one.book(4, 0)).toMatchObject({ count: 4, day: { remaining: 6 } })
  expect(await other.book(4, 0)).toMatchObject({ count: 4, day: { remaining: 2 } })
  expect(await one.book(4, 1), 'one of them was not used').toMatchObject({ count: 3, day: { remaining: 0 } })
  const spent = await other.book(4, 0)
  expect(spent).toMatchObject({ count: 0, day: { remaining: 0 } })
  const inHours = (spent.day.resetsAt - Date.now()) / 3_600_000
  expect(inHours).toBeGreaterThan(23.9)
  expect(inHours).toBeLessThan(24.1)
  expect(await row()).toMatchObject({ perSecond: 1_000, perDay: 10, dayUsed: 10 })
  await change("update quota set day_ends_at = clock_timestamp() - interval '1 second'")
  expect(await one.book(4, 0)).toMatchObject({ count: 4, day: { remaining: 6 } })
})

test('what was booked while the clock of the database was ahead holds nobody once it is right, and stays spent', async () => {
  const { quotas, change, row } = await createQuotas(1, 1, 5)
  const [quota] = quotas as [Quota]
  await quota.slowDown(0, true)
  await quota.book(1, 0)
  await change(`update quota set next_at = next_at + interval '1 year', day_ends_at = day_ends_at + interval '1 year',
    speed_changed_at = speed_changed_at + interval '1 year'`)
  const { firstAt, now, day } = await quota.book(1, 0)
  expect(firstAt - now, 'behind what is booked already').toBeLessThanOrEqual(MOST_AHEAD * 1_250)
  expect(day.remaining).toBe(3)
  expect((day.resetsAt - now) / 3_600_000).toBeCloseTo(24, 2)
  expect((await row()).speed).toBe(0.9)
  await quota.book(3, 0)
  expect((await quota.book(1, 0)).day.resetsAt, 'it does not move on').toBeCloseTo(day.resetsAt, 0)
})

test('the longest wait that a refusal asks for is kept, behind all that is booked', async () => {
  const { quotas } = await createQuotas(1, 1)
  const [quota] = quotas as [Quota]
  await quota.slowDown(LONGEST_WAIT_MS, true)
  for (let booking = 0; booking < 3; booking += 1) {
    const { firstAt, now } = await quota.book(10, 0)
    expect(firstAt - now).toBeGreaterThan(LONGEST_WAIT_MS - 60_000)
  }
})

test('who asks when the day is spent is told until when, and what is left is used to the last', async () => {
  const { paceOf } = await createQuotas(1, 100, 7)
  const pace = paceOf(0)
  await sendFrom([pace], 7)
  await expect(pace.grant(never)).rejects.toMatchObject({
    code: 'AMAZON_DAY_SPENT',
    message: expect.stringMatching(/more come at \d{4}-\d\d-\d\dT/),
  })
})
