import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { AmazonRequestSeen } from '../../src/amazon/amazon-api.ts'
import { type CreatorsOptions, createCreatorsApi } from '../../src/amazon/creators-api.ts'
import { createLocalPace } from '../stack/local-pace.ts'
import { AMAZON_STAND_IN, type AmazonStandIn, startAmazonStandIn, trouble } from '../stack/stand-ins/amazon.ts'
import { FEW_PRODUCTS } from '../stack/stand-ins/amazon-products.ts'
import { createTcpProxy } from '../stack/tcp-proxy.ts'

let standIn: AmazonStandIn
let seen: AmazonRequestSeen[]
const never = new AbortController().signal
const KIND_OF_BLUE = { artist: 'Miles Davis', title: 'Kind of Blue', searchIndex: 'Music' } as const

beforeAll(async () => {
  standIn = await startAmazonStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 1000 })
})
afterAll(() => standIn.close())
beforeEach(() => {
  standIn.reset()
  seen = []
})

const open = (changes: Partial<CreatorsOptions> = {}) =>
  createCreatorsApi({
    ...AMAZON_STAND_IN,
    url: standIn.url,
    tokenUrl: standIn.tokenUrl,
    marketplace: 'www.amazon.com',
    pace: createLocalPace(500),
    onRequest: (request) => seen.push(request),
    timeoutMs: 5_000,
    ...changes,
  })

test('finds music by artist and title, best first, with books and films left out', async () => {
  const products = await open().searchItems(KIND_OF_BLUE, never)
  expect(products.map(({ asin }) => asin)).toEqual(['B0TEST0001', 'B0TEST0002'])
  expect(products[0]).toMatchObject({
    title: 'Kind of Blue',
    binding: 'Audio CD',
    productGroup: 'Music',
    price: { amount: 9.99, currency: 'USD' },
    releaseDate: '1997-03-25',
    salesRank: 812,
    barcodes: ['0074646493526', '074646493526'],
  })
  expect(products[0]?.url).toMatch(/^https:\/\/www\.amazon\.com\/dp\/B0TEST0001\?tag=example-20&linkCode=osi/)
  expect(seen.map(({ operation, status, result, products: count }) => [operation, status, result, count])).toEqual([
    ['token', 200, 'ok', 0],
    ['searchItems', 200, 'ok', 2],
  ])
})

test('finds a product without a price, since out-of-print albums are what a catalogue has most of', async () => {
  const products = await open().searchItems({ title: 'Kind of Blue Legacy', searchIndex: 'Music' }, never)
  expect(products).toMatchObject([{ asin: 'B0TEST0002', price: null, condition: null }])
})

test('an empty search is an empty list and counts as a good request', async () => {
  expect(await open().searchItems({ keywords: 'no such album', searchIndex: 'Music' }, never)).toEqual([])
  expect(seen.at(-1)).toMatchObject({ status: 404, result: 'ok', products: 0 })
})

test.for([
  { searchResult: null },
  { searchResult: { items: null, totalResultCount: 0 } },
  { searchResult: {}, errors: null },
  { errors: [{ code: 'NoResults', message: 'No results found for your request.' }] },
])('an empty search told with status 200 is an empty list too: %j', async (body) => {
  standIn.behave({ status: 200, body })
  expect(await open().searchItems(KIND_OF_BLUE, never)).toEqual([])
})

test('getItems leaves out what Amazon does not know, down to an empty list', async () => {
  const api = open()
  const some = await api.getItems(['B0TEST0004', 'B0UNKNOWN0'], never)
  expect(some.map(({ asin }) => asin)).toEqual(['B0TEST0004'])
  expect(await api.getItems(['B0UNKNOWN0'], never)).toEqual([])
})

test('a request for ids that Amazon calls invalid is answered by none of them', async () => {
  standIn.behave({
    status: 400,
    body: { type: 'ValidationException', reason: 'FieldValidationFailed', fieldList: ['itemIds'] },
  })
  expect(await open().getItems(['B0TEST0004'], never)).toEqual([])
  expect(seen.at(-1)).toMatchObject({ status: 400, result: 'ok', products: 0 })
  standIn.behave({ status: 400, body: { type: 'ValidationException', fieldList: ['itemIds', 'partnerTag'] } })
  await expect(open().getItems(['B0TEST0004'], never)).rejects.toMatchObject({ code: 'AMAZON_INVALID_PARTNER_TAG' })
})

test('more than ten ids, or nothing to search for, is our own fault and reaches nobody', async () => {
  const api = open()
  await expect(api.getItems(Array(11).fill('B0TEST0001'), never)).rejects.toMatchObject({ code: 'INTERNAL' })
  await expect(api.searchItems({ artist: '  ', searchIndex: 'All' }, never)).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(standIn.calls).toEqual([])
})

test('texts longer than a thousand characters are cut between words, blank ones are not sent', async () => {
  const title = `${'é'.repeat(9)} `.repeat(120)
  await open().searchItems({ title, artist: ' ', searchIndex: 'Music' }, never)
  expect(standIn.calls.at(-1)).toMatchObject({ status: 404, query: `title=${title.slice(0, 999)}` })
})

test('a refused highRes image is given up once for the whole process', async () => {
  standIn.behave({
    status: 400,
    body: {
      message: "1 validation error detected: Value at 'resources' failed to satisfy constraint",
      type: 'ValidationException',
    },
    times: 1,
  })
  const api = open()
  expect(await api.searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
  expect(await api.searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
  expect(standIn.calls.filter(({ operation }) => operation === 'searchItems').map(({ status }) => status)).toEqual([
    400, 200, 200,
  ])
})

test('requests of one moment share one token, and a second request uses it again', async () => {
  const api = open()
  await Promise.all([1, 2, 3].map(() => api.searchItems(KIND_OF_BLUE, never)))
  await api.searchItems(KIND_OF_BLUE, never)
  expect(standIn.calls.filter(({ operation }) => operation === 'token')).toHaveLength(1)
})

test('a token is renewed half a minute before it expires', async () => {
  const short = await startAmazonStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 1000, tokenSeconds: 30 })
  const api = open({ url: short.url, tokenUrl: short.tokenUrl })
  await api.searchItems(KIND_OF_BLUE, never)
  await api.searchItems(KIND_OF_BLUE, never)
  // Twice for each: ahead of the grant and after it, as the token is due for renewal the moment it comes.
  expect(short.calls.map(({ operation }) => operation)).toEqual([
    ...['token', 'token', 'searchItems'],
    ...['token', 'token', 'searchItems'],
  ])
  await short.close()
})

test('a revoked token is replaced once, by all who were refused together', async () => {
  const api = open()
  await api.searchItems(KIND_OF_BLUE, never)
  standIn.revokeTokens()
  standIn.reset()
  const both = await Promise.all([api.searchItems(KIND_OF_BLUE, never), api.searchItems(KIND_OF_BLUE, never)])
  expect(both.map((products) => products.length)).toEqual([2, 2])
  expect(standIn.calls.filter(({ operation }) => operation === 'token')).toHaveLength(1)
})

test('a token refused twice is given up with AMAZON_TOKEN_REFUSED', async () => {
  standIn.behave(trouble.tokenExpired())
  await expect(open().searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({
    code: 'AMAZON_TOKEN_REFUSED',
    message: expect.stringContaining('401 TokenExpired: Authentication token has expired.'),
  })
  expect(standIn.calls.map(({ operation }) => operation)).toEqual(['token', 'searchItems', 'token', 'searchItems'])
})

test('a throttled request waits as long as it is told and goes again, without an error', async () => {
  for (const hint of [trouble.throttled(0.2), trouble.throttledByHeader('0.2')]) {
    standIn.reset()
    standIn.behave({ ...hint, times: 1 })
    expect(await open().searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
    const [, first, second] = standIn.calls
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(200)
  }
  expect(seen.filter(({ result }) => result === 'AMAZON_THROTTLED')).toHaveLength(2)
})

test('a throttled token request waits and goes again too', async () => {
  standIn.behave({ operation: 'token', ...trouble.throttledByHeader('0.2'), times: 1 })
  expect(await open().searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
  expect(standIn.calls.map(({ status }) => status)).toEqual([429, 200, 200])
})

test.for([
  { error: 'slow_down' },
  { error: 'too_many_requests', error_description: 'Wait.' },
  { error: 'Rate exceeded', error_description: 'TooManyRequestsException' },
  { error: 'invalid_request', error_description: 'The request was throttled.' },
])('a token endpoint that words a throttle as %j is waited for as well', async (body) => {
  standIn.behave({ operation: 'token', status: 400, body, times: 1 })
  expect(await open().searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
  expect(standIn.calls.map(({ status }) => status)).toEqual([400, 200, 200])
})

test('a request that is throttled for ever ends when its signal aborts', async () => {
  standIn.behave(trouble.throttled(60))
  const controller = new AbortController()
  const reason = new Error('enough')
  const api = open({ onRequest: ({ status }) => status === 429 && controller.abort(reason) })
  await expect(api.searchItems(KIND_OF_BLUE, controller.signal)).rejects.toBe(reason)
})

test('an abort in the air stops the request with the signal’s reason', async () => {
  standIn.behave({ fault: 'stall', operation: 'searchItems' })
  const controller = new AbortController()
  const asked = open().searchItems(KIND_OF_BLUE, controller.signal)
  await expect.poll(() => standIn.calls.length).toBe(2)
  const reason = new Error('stopping')
  controller.abort(reason)
  await expect(asked).rejects.toBe(reason)
  expect(seen.at(-1)).toMatchObject({ operation: 'searchItems', status: null, result: 'aborted' })
})

test('credentials of version 2 fetch their token with a form and name their version in every request', async () => {
  const api = open({ tokenUrl: standIn.v2TokenUrl, credentialVersion: 'v2.1' })
  expect(await api.searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
})

test('a version that is not the credential’s is explained, with both regions at hand', async () => {
  const api = open({ tokenUrl: standIn.v2TokenUrl, credentialVersion: '2.2', marketplace: 'www.amazon.de' })
  await expect(api.searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({
    code: 'AMAZON_BAD_CREDENTIALS',
    message: expect.stringMatching(
      /^401 InvalidIssuer.*AMAZON_CREDENTIAL_VERSION is 2\.2, AMAZON_MARKETPLACE is www\.amazon\.de.*x\.2 Europe/,
    ),
  })
})

test('a token address of the other credential generation is explained', async () => {
  const api = open({ tokenUrl: standIn.v2TokenUrl, credentialVersion: '3.1' })
  await expect(api.searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({
    code: 'AMAZON_BAD_CREDENTIALS',
    message: expect.stringMatching(/^400 invalid_request.*AMAZON_CREDENTIAL_VERSION \(now 3\.1\)/),
  })
})

test('a turn that has gone by when the connection is open is renewed, and only then is anything sent', async () => {
  const pace = createLocalPace(500)
  let renewals = 0
  const late: typeof pace = {
    ...pace,
    async grant(signal) {
      const grant = await pace.grant(signal)
      const renew = async () => {
        renewals += 1
      }
      return { ...grant, isStale: () => renewals < 2, renew }
    },
  }
  expect(await open({ pace: late }).searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
  expect(renewals).toBe(2)
  expect(seen.map(({ operation, result }) => [operation, result])).toEqual([
    ['token', 'ok'],
    ['searchItems', 'ok'],
  ])
  expect(standIn.calls.filter(({ operation }) => operation === 'searchItems')).toHaveLength(1)
})

test('a connection is opened ahead of the turn, which it would make late, and used for the request', async () => {
  const { host, origin } = new URL(standIn.url)
  const door = await createTcpProxy(host)
  await door.open()
  onTestFinished(door.close)
  const pace = createLocalPace(500)
  const watched: typeof pace = {
    ...pace,
    async grant(signal) {
      await expect.poll(() => door.connections, { timeout: 5_000 }).toBe(1)
      return pace.grant(signal)
    },
  }
  const url = standIn.url.replace(origin, `http://127.0.0.1:${door.port}`)
  await open({ url, pace: watched }).searchItems(KIND_OF_BLUE, never)
  expect(door.connections).toBe(1)
  expect(seen.map(({ operation }) => operation)).toEqual(['token', 'searchItems'])
})
