import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createCreatorsApi } from '../../src/amazon/creators-api.ts'
import { createLocalPace } from '../stack/local-pace.ts'
import { AMAZON_STAND_IN, startAmazonStandIn } from '../stack/stand-ins/amazon.ts'
import { FEW_PRODUCTS } from '../stack/stand-ins/amazon-products.ts'

const never = new AbortController().signal

test('at ten a second with answers that take three intervals no request is early and half come within 10 % of their time', async () => {
  const standIn = await startAmazonStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 10, latencyMs: 300 })
  const api = createCreatorsApi({
    ...AMAZON_STAND_IN,
    url: standIn.url,
    tokenUrl: standIn.tokenUrl,
    marketplace: 'www.amazon.com',
    pace: createLocalPace(10),
    onRequest: () => {},
    timeoutMs: 5_000,
  })
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => api.searchItems({ keywords: `blue ${i}`, searchIndex: 'Music' }, never)),
  )
  const times = standIn.calls.filter(({ operation }) => operation === 'searchItems').map(({ at }) => at)
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0))
  expect(standIn.early).toBe(0)
  expect(gaps).toHaveLength(49)
  // The median: a machine that runs other tests as well stops us now and then, which must not count.
  expect(gaps.sort((a, b) => a - b)[24]).toBeLessThan(110)
  await standIn.close()
})

test('the interval counts from the send, not from the grant, and no more than 4 % of it is ever caught up', async () => {
  const pace = createLocalPace(20)
  const first = await pace.grant(never)
  const second = pace.grant(never)
  const third = pace.grant(never)
  const order: string[] = []
  void second.then(() => order.push('second'))
  await new Promise((resolve) => setTimeout(resolve, 120))
  expect(order).toEqual([])
  const sentAt = performance.now()
  first.sent()
  first.sent()
  ;(await second).sent()
  const secondAt = performance.now()
  expect(secondAt - sentAt).toBeGreaterThanOrEqual(48)
  ;(await third).sent()
  expect(performance.now() - secondAt).toBeGreaterThanOrEqual(48)
})

test('who gives up waiting leaves the turn to the next', async () => {
  const pace = createLocalPace(20)
  const first = await pace.grant(never)
  const impatient = new AbortController()
  const second = pace.grant(impatient.signal)
  const third = pace.grant(never)
  impatient.abort(new Error('changed my mind'))
  await expect(second).rejects.toThrow('changed my mind')
  first.sent()
  ;(await third).sent()
})

test('a hint holds everybody back, also one who sleeps already', async () => {
  const pace = createLocalPace(50)
  ;(await pace.grant(never)).sent()
  const waiting = pace.grant(never)
  const started = performance.now()
  pace.slowDown(150)
  await waiting
  expect(performance.now() - started).toBeGreaterThanOrEqual(150)
})

test('when a person ends a long wait the next turn comes at once, also for who waits already, and that it is long is told', async () => {
  const told: (number | null)[] = []
  const pace = createLocalPace(50, 600_000, (until) => told.push(until))
  ;(await pace.grant(never)).sent()
  pace.slowDown(600_000)
  const waiting = pace.grant(never)
  expect(await Promise.race([waiting, sleep(100, 'nobody')])).toBe('nobody')
  const startedAt = performance.now()
  pace.hurry()
  ;(await waiting).sent()
  expect(performance.now() - startedAt).toBeLessThan(3_000)
  expect((told[0] ?? 0) - Date.now()).toBeGreaterThan(580_000)
  expect(told.at(-1)).not.toBe(null)
  pace.answered()
  expect(told.at(-1)).toBe(null)
})

test('a long wait is told for as long as somebody waits', async () => {
  const told: (number | null)[] = []
  const pace = createLocalPace(50, 600_000, (until) => told.push(until))
  pace.slowDown(600_000)
  const [first, second] = [new AbortController(), new AbortController()]
  const waiting = [first, second].map(async ({ signal }) => pace.grant(signal).catch(() => pace.gaveUp()))
  await expect.poll(() => told.length).toBeGreaterThan(1)
  first.abort()
  await waiting[0]
  expect(told).not.toContain(null)
  second.abort()
  await waiting[1]
  expect(told.at(-1)).toBe(null)
})

test('without a hint the backoff grows with every refusal and an answer ends the growth', async () => {
  const pace = createLocalPace(1000)
  const refused = async () => {
    ;(await pace.grant(never)).sent()
    const started = performance.now()
    pace.slowDown(undefined)
    // Refused together with the first: no reason of its own to slow down.
    pace.slowDown(undefined)
    ;(await pace.grant(never)).sent()
    return performance.now() - started
  }
  const first = await refused()
  expect(first).toBeGreaterThanOrEqual(500)
  expect(first).toBeLessThan(1_500)
  expect(await refused()).toBeGreaterThanOrEqual(1_000)
  await new Promise((resolve) => setTimeout(resolve, 5))
  pace.answered()
  expect(await refused()).toBeLessThan(1_500)
})
