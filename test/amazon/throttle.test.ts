import { expect, onTestFinished, test } from 'vitest'
import type { AmazonRequestSeen } from '../../src/amazon/amazon-api.ts'
import { createCreatorsApi } from '../../src/amazon/creators-api.ts'
import { LocalSlots } from '../../src/amazon/local-slots.ts'
import { createPace } from '../../src/amazon/pace.ts'
import { createLocalPace } from '../stack/local-pace.ts'
import { AMAZON_STAND_IN, startAmazonStandIn, trouble } from '../stack/stand-ins/amazon.ts'
import { FEW_PRODUCTS } from '../stack/stand-ins/amazon-products.ts'

const never = new AbortController().signal
const KIND_OF_BLUE = { artist: 'Miles Davis', title: 'Kind of Blue', searchIndex: 'Music' } as const

async function open({
  tokenSeconds = 3_600,
  patienceMs = 600_000,
  requestsPerSecond = 100,
  pace = createLocalPace(requestsPerSecond, patienceMs),
} = {}) {
  const amazon = await startAmazonStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 1_000, tokenSeconds })
  onTestFinished(() => amazon.close())
  const seen: AmazonRequestSeen[] = []
  const api = createCreatorsApi({
    ...AMAZON_STAND_IN,
    url: amazon.url,
    tokenUrl: amazon.tokenUrl,
    marketplace: 'www.amazon.com',
    pace,
    onRequest: (request) => seen.push(request),
    timeoutMs: 5_000,
  })
  return { amazon, api, seen, results: () => seen.map(({ operation, result }) => `${operation} ${result}`) }
}

test('a token that runs out while its request waits for the turn, and whose renewal is throttled, is waited for', async () => {
  // Tokens are renewed 30 s before their end, so these after a second.
  const { amazon, api, results } = await open({ tokenSeconds: 31, requestsPerSecond: 0.7 })
  await api.searchItems(KIND_OF_BLUE, never)
  const waiting = api.searchItems(KIND_OF_BLUE, never)
  amazon.behave({ ...trouble.throttled(0), operation: 'token', times: 1 })
  expect(await waiting).toHaveLength(2)
  // On a slow machine the new token may run out as well.
  expect(results().slice(0, 4)).toEqual(['token ok', 'searchItems ok', 'token AMAZON_THROTTLED', 'token ok'])
  expect(results().at(-1)).toBe('searchItems ok')
})

test('nothing but 429 for longer than our patience is an error that says what it may mean', async () => {
  const { amazon, api, seen } = await open({ patienceMs: 1_200 })
  await api.searchItems(KIND_OF_BLUE, never)
  amazon.behave(trouble.throttled())
  const startedAt = performance.now()
  await expect(api.searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({
    code: 'AMAZON_ONLY_THROTTLES',
    message: expect.stringMatching(/nothing but "slow down" for 1 s.* without access .* Associates Central/),
  })
  const tookMs = performance.now() - startedAt
  expect(tookMs).toBeGreaterThanOrEqual(1_190)
  expect(tookMs, 'in the middle of a wait').toBeLessThan(2_500)

  // Whoever looks whether it is over asks once more and is told at once what it still is.
  const before = seen.length
  await expect(api.searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({ code: 'AMAZON_ONLY_THROTTLES' })
  expect(seen.slice(before).map(({ status }) => status)).toEqual([429])
  amazon.reset()
  expect(await api.searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
})

test('an answer between the refusals is what tells throttling from an account without access', async () => {
  const { amazon, api } = await open({ patienceMs: 300 })
  for (let round = 0; round < 3; round += 1) {
    amazon.behave({ ...trouble.throttled(0.15), times: 1 })
    expect(await api.searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
  }
})

test('a wait that Amazon named takes nothing of our patience, once', async () => {
  const { amazon, api } = await open({ patienceMs: 500 })
  amazon.behave({ ...trouble.throttled(1), times: 1 })
  expect(await api.searchItems(KIND_OF_BLUE, never), 'a single refusal').toHaveLength(2)

  amazon.behave(trouble.throttled(1))
  const startedAt = performance.now()
  await expect(api.searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({ code: 'AMAZON_ONLY_THROTTLES' })
  const tookMs = performance.now() - startedAt
  expect(tookMs, 'in the middle of the second one').toBeGreaterThanOrEqual(1_490)
  expect(tookMs).toBeLessThan(1_990)
})

test('where nobody is told of waits those that Amazon names are no longer than our patience', async () => {
  const slots = new LocalSlots(100, Number.POSITIVE_INFINITY)
  const pace = createPace({ slots, requestsPerSecond: 100, patienceMs: 300, isSteady: false })
  const { amazon, api } = await open({ pace })
  amazon.behave(trouble.throttled(60))
  await expect(api.searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({ code: 'AMAZON_ONLY_THROTTLES' })
})

test('a failure between the refusals is something else than "slow down" as well', async () => {
  const { amazon, api } = await open({ patienceMs: 500 })
  // The latest first.
  amazon.behave({ ...trouble.html(503), delayMs: 700, times: 1 })
  amazon.behave({ ...trouble.throttled(0.1), times: 1 })
  await expect(api.searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({ code: 'AMAZON_UNAVAILABLE' })
  amazon.behave({ ...trouble.throttled(0.1), times: 1 })
  expect(await api.searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
})
