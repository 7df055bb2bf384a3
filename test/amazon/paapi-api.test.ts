import { createRequire } from 'node:module'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { AmazonRequestSeen } from '../../src/amazon/amazon-api.ts'
import { createPaapiApi, type PaapiOptions } from '../../src/amazon/paapi-api.ts'
import { createLocalPace } from '../stack/local-pace.ts'
import { type Behaviour, trouble } from '../stack/stand-ins/amazon.ts'
import { FEW_PRODUCTS } from '../stack/stand-ins/amazon-products.ts'
import { PAAPI_STAND_IN, type PaapiStandIn, paapiTrouble, startPaapiStandIn } from '../stack/stand-ins/paapi.ts'

let standIn: PaapiStandIn
let seen: AmazonRequestSeen[]
const never = new AbortController().signal
const KIND_OF_BLUE = { artist: 'Miles Davis', title: 'Kind of Blue', searchIndex: 'Music' } as const

beforeAll(async () => {
  standIn = await startPaapiStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 1000 })
})
afterAll(() => standIn.close())
beforeEach(() => {
  standIn.reset()
  seen = []
})

const open = (changes: Partial<PaapiOptions> = {}) =>
  createPaapiApi({
    ...PAAPI_STAND_IN,
    url: standIn.url,
    marketplace: 'www.amazon.com',
    pace: createLocalPace(500),
    onRequest: (request) => seen.push(request),
    timeoutMs: 1_000,
    ...changes,
  })

test('the package is loaded by the first request and not before', async () => {
  const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/amazon-paapi/'))
  const api = open()
  expect(loaded()).toBe(false)
  await api.searchItems(KIND_OF_BLUE, never)
  expect(loaded()).toBe(true)
})

test('finds the same as the Creators API, with a signature that the server verifies', async () => {
  const products = await open().searchItems(KIND_OF_BLUE, never)
  expect(products.map(({ asin }) => asin)).toEqual(['B0TEST0001', 'B0TEST0002'])
  expect(products[0]).toMatchObject({
    title: 'Kind of Blue',
    price: { amount: 9.99, currency: 'USD' },
    barcodes: ['0074646493526', '074646493526'],
    releaseDate: '1997-03-25',
  })
  expect(seen).toMatchObject([{ operation: 'searchItems', status: 200, result: 'ok', products: 2 }])
})

test('nothing found is an empty list, for a search and for ids', async () => {
  expect(await open().searchItems({ keywords: 'no such album', searchIndex: 'All' }, never)).toEqual([])
  expect(await open().getItems(['B0UNKNOWN0'], never)).toEqual([])
})

test('a request for ids that Amazon calls invalid is answered by none of them', async () => {
  const message = 'The ItemId B0UNKNOWN0 provided in the request is invalid.'
  standIn.behave({ status: 400, body: { Errors: [{ Code: 'InvalidParameterValue', Message: message }] } })
  expect(await open().getItems(['B0UNKNOWN0'], never)).toEqual([])
})

test.for<[string, Behaviour, string, RegExp]>([
  ['the closed API', paapiTrouble.retired(), 'AMAZON_API_RETIRED', /^403 AccessDenied: .*Set AMAZON_API=creators/],
  ['an ineligible account', paapiTrouble.notEligible(), 'AMAZON_NOT_ELIGIBLE', /^403 AssociateNotEligible/],
  ['an internal failure', paapiTrouble.internal(), 'AMAZON_UNAVAILABLE', /^500 InternalFailure/],
  ['HTML with status 200', trouble.html(200), 'AMAZON_UNAVAILABLE', /^200 with a body that is no reply/],
  ['HTML with status 503', trouble.html(503), 'AMAZON_UNAVAILABLE', /^503 with a body that is no reply/],
  ['half a JSON', trouble.garbage(), 'AMAZON_UNAVAILABLE', /did not answer completely/],
  ['a stalled request', { fault: 'stall' }, 'AMAZON_UNAVAILABLE', /did not answer completely/],
  ['a dripping body', { fault: 'drip' }, 'AMAZON_UNAVAILABLE', /did not answer completely/],
  ['a closed connection', { fault: 'reset' }, 'AMAZON_UNAVAILABLE', /did not answer completely/],
  ['a cut body', { fault: 'cut' }, 'AMAZON_UNAVAILABLE', /did not answer completely/],
])('%s has its code', async ([, behaviour, code, message]) => {
  standIn.behave(behaviour)
  await expect(open().searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
})

test('a wrong secret key is AMAZON_BAD_CREDENTIALS and appears in no message', async () => {
  const thrown = await open({ secretKey: 'very-wrong-secret' })
    .searchItems(KIND_OF_BLUE, never)
    .catch((error) => error)
  expect(thrown.code).toBe('AMAZON_BAD_CREDENTIALS')
  expect(thrown.message).toMatch(/^401 InvalidSignature/)
  expect(thrown.message).not.toContain('very-wrong-secret')
})

test('a partner tag that Amazon does not know is named', async () => {
  await expect(open({ partnerTag: 'other-20' }).searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({
    code: 'AMAZON_INVALID_PARTNER_TAG',
    message: expect.stringContaining('AMAZON_PARTNER_TAG (other-20)'),
  })
})

test('a site that the package does not know is a wrong setting', async () => {
  await expect(open({ marketplace: 'www.amazon.eg' }).searchItems(KIND_OF_BLUE, never)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('www.amazon.eg'),
  })
})

test('a throttled request waits as long as it is told and goes again, without an error', async () => {
  standIn.behave({ ...paapiTrouble.throttled(), headers: { 'retry-after': '0.2' }, times: 1 })
  expect(await open().searchItems(KIND_OF_BLUE, never)).toHaveLength(2)
  expect(seen.map(({ result }) => result)).toEqual(['AMAZON_THROTTLED', 'ok'])
  const [first, second] = standIn.calls
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(200)
})

test('an abort in the air ends the request with the reason of the signal', async () => {
  standIn.behave({ fault: 'stall' })
  const controller = new AbortController()
  const asked = open().searchItems(KIND_OF_BLUE, controller.signal)
  await expect.poll(() => standIn.calls.length).toBe(1)
  const reason = new Error('stopping')
  controller.abort(reason)
  await expect(asked).rejects.toBe(reason)
  expect(seen).toMatchObject([{ status: null, result: 'aborted' }])
})

test('no request is early, although the package does not tell when it sends', async () => {
  const paced = await startPaapiStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 10, latencyMs: 300 })
  const api = open({ url: paced.url, pace: createLocalPace(10) })
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => api.searchItems({ keywords: `blue ${i}`, searchIndex: 'Music' }, never)),
  )
  expect(paced.early).toBe(0)
  expect(paced.calls).toHaveLength(20)
  await paced.close()
})
