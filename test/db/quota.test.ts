import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createPace } from '../../src/amazon/pace.ts'
import { Database } from '../../src/db/database.ts'
import { Quota } from '../../src/db/quota.ts'
import { createDatabase } from '../stack/create-database.ts'

async function createQuotas(count: number, requestsPerSecond: number): Promise<Quota[]> {
  const url = await createDatabase(inject('databaseUrl'), `quota-${randomUUID().slice(0, 8)}`)
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const db = new Database(url)
      onTestFinished(() => db.close())
      if (index === 0) await db.migrate()
      return new Quota(db, 'account', requestsPerSecond)
    }),
  )
}

/** Times of sends, in order, of several paces that all send as fast as they may. */
async function sendFrom(paces: ReturnType<typeof createPace>[], each: number): Promise<number[]> {
  const times: number[] = []
  const signal = new AbortController().signal
  await Promise.all(
    paces.map(async (pace) => {
      for (let count = 0; count < each; count += 1) {
        const grant = await pace.grant(signal)
        while (grant.isStale()) await grant.renew(signal)
        times.push(performance.now())
        grant.sent()
      }
    }),
  )
  return times.sort((a, b) => a - b)
}

test('two paces on one account together never send faster than it allows', async () => {
  const quotas = await createQuotas(2, 10)
  const times = await sendFrom(
    quotas.map((quota) => createPace(10, quota)),
    15,
  )
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThan(90)
})

test('a pace that takes over from a killed one keeps its distance', async () => {
  const [former, next] = await createQuotas(2, 2)
  await createPace(2, former).grant(new AbortController().signal)
  const at = performance.now()
  await createPace(2, next).grant(new AbortController().signal)
  expect(performance.now() - at).toBeGreaterThan(490)
})

test('one pace alone loses next to nothing to the booking', async () => {
  const [quota] = await createQuotas(1, 10)
  const times = await sendFrom([createPace(10, quota)], 40)
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  // The median: a machine that stands still now and then says nothing about the booking.
  expect(gaps.toSorted((a, b) => a - b)[20]).toBeLessThan(104)
})

test('a hold counts for every process', async () => {
  const [refused, other] = await createQuotas(2, 10)
  const pace = createPace(10, refused)
  await pace.grant(new AbortController().signal).then((grant) => grant.sent())
  pace.slowDown(700)
  const at = performance.now()
  await refused?.hold(700)
  await createPace(10, other).grant(new AbortController().signal)
  expect(performance.now() - at).toBeGreaterThan(690)
})

test('a turn that its process could not use in time is made good before anything is sent', async () => {
  const [stopped, other] = await createQuotas(2, 2)
  const signal = new AbortController().signal
  const grant = await createPace(2, stopped).grant(signal)
  expect(grant.isStale()).toBe(false)
  // Stopped between its turn and the sending, while another process sends.
  await sleep(600)
  const follower = await createPace(2, other).grant(signal)
  const at = performance.now()
  follower.sent()
  expect(grant.isStale()).toBe(true)
  await grant.renew(signal)
  expect(grant.isStale()).toBe(false)
  expect(performance.now() - at).toBeGreaterThan(450)
})

test('each refusal slows down more, also while another process has booked ahead', async () => {
  const [refused, other] = await createQuotas(2, 10)
  const signal = new AbortController().signal
  const pace = createPace(10, refused)
  let refusals = 0
  const stop = new AbortController()
  const busy = (async () => {
    const paced = createPace(10, other)
    while (!stop.signal.aborted) (await paced.grant(signal)).sent()
  })()
  const startedAt = performance.now()
  while (performance.now() - startedAt < 3_000) {
    const grant = await pace.grant(signal)
    grant.sent()
    await sleep(30)
    pace.slowDown(undefined)
    refusals += 1
  }
  stop.abort()
  await busy
  // After half a second to one, one to two, two to four.
  expect(refusals).toBeLessThanOrEqual(4)
})
