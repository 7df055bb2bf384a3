import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type CreatorsOptions, createCreatorsApi } from '../../src/amazon/creators-api.ts'
import { EnrichmentError } from '../../src/errors.ts'
import { createLocalPace } from '../stack/local-pace.ts'
import {
  AMAZON_STAND_IN,
  type AmazonStandIn,
  type Behaviour,
  startAmazonStandIn,
  trouble,
} from '../stack/stand-ins/amazon.ts'
import { FEW_PRODUCTS } from '../stack/stand-ins/amazon-products.ts'

let standIn: AmazonStandIn

beforeAll(async () => {
  standIn = await startAmazonStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 1000 })
})
afterAll(() => standIn.close())
beforeEach(() => standIn.reset())

async function refusalOf(changes: Partial<CreatorsOptions> = {}): Promise<EnrichmentError> {
  const api = createCreatorsApi({
    ...AMAZON_STAND_IN,
    url: standIn.url,
    tokenUrl: standIn.tokenUrl,
    marketplace: 'www.amazon.com',
    pace: createLocalPace(500),
    onRequest: () => {},
    timeoutMs: 1_000,
    ...changes,
  })
  const query = { title: 'Kind of Blue', searchIndex: 'Music' } as const
  const thrown: unknown = await api.searchItems(query, new AbortController().signal).catch((error) => error)
  if (!(thrown instanceof EnrichmentError)) throw new Error('was not refused', { cause: thrown })
  return thrown
}

const gone = (status: number, body: object): Behaviour => ({ status, body })

test.for<[string, Behaviour, string, RegExp]>([
  [
    'an ineligible account',
    trouble.notEligible(),
    'AMAZON_NOT_ELIGIBLE',
    /^403 AssociateNotEligible: Your account.*10 qual/,
  ],
  [
    'another 403',
    gone(403, { type: 'AccessDeniedException', message: 'No.' }),
    'AMAZON_FORBIDDEN',
    /^403 AccessDenied/,
  ],
  ['a retired API', trouble.retired(), 'AMAZON_API_RETIRED', /successor/],
  ['410', gone(410, { message: 'Gone' }), 'AMAZON_API_RETIRED', /^410/],
  [
    'a tag of another account',
    trouble.invalidAssociate(),
    'AMAZON_INVALID_PARTNER_TAG',
    /^400 InvalidAssociate.*example-20/,
  ],
  ['a wrong region', trouble.invalidIssuer(), 'AMAZON_BAD_CREDENTIALS', /^401 InvalidIssuer.*VERSION is 3\.1/],
  [
    'an unknown client',
    gone(401, { type: 'UnauthorizedException', reason: 'UnsupportedClient', message: 'No.' }),
    'AMAZON_BAD_CREDENTIALS',
    /^401 UnsupportedClient/,
  ],
  [
    'an invalid field given as an object',
    gone(400, { __type: 'com.amazon.creators#ValidationExceptionResponseContent', fieldList: [{ name: 'itemPage' }] }),
    'AMAZON_INVALID_REQUEST',
    /^400 ValidationException: no message \(itemPage\)/,
  ],
  [
    'an unknown operation',
    gone(404, { type: 'ValidationException', reason: 'UnknownOperation', message: 'What?' }),
    'AMAZON_FORBIDDEN',
    /^404 UnknownOperation.*AMAZON_URL/,
  ],
  [
    'an address without an API',
    gone(404, { message: 'Not Found' }),
    'AMAZON_FORBIDDEN',
    /^404 error: Not Found.*AMAZON_URL/,
  ],
  ['an internal error', trouble.internal(), 'AMAZON_UNAVAILABLE', /^500 InternalServerException/],
  ['a page of HTML', trouble.html(), 'AMAZON_UNAVAILABLE', /^503 .*DOCTYPE/],
  ['HTML with status 200', trouble.html(200), 'AMAZON_UNAVAILABLE', /^200 /],
  [
    'JSON called HTML',
    { status: 200, body: { searchResult: {} }, headers: { 'content-type': 'text/html' } },
    'AMAZON_UNAVAILABLE',
    /^200/,
  ],
  ['half a JSON', trouble.garbage(), 'AMAZON_UNAVAILABLE', /^200 /],
  [
    'items of which none can be read',
    { status: 200, body: { searchResult: { items: [{ title: 'x' }, null, 5] } } },
    'AMAZON_UNAVAILABLE',
    /^200 with 3 items, of which none can be read/,
  ],
  [
    'items beside one that failed for the moment',
    { status: 200, body: { searchResult: { items: [{ asin: 'B000000001' }] }, errors: [{ code: 'InternalFailure' }] } },
    'AMAZON_UNAVAILABLE',
    /^200 /,
  ],
  ['JSON that is no reply', gone(200, { hello: 'world' }), 'AMAZON_UNAVAILABLE', /^200 /],
  [
    'a redirect',
    { status: 302, body: '', headers: { location: 'https://example.com/' } },
    'AMAZON_UNAVAILABLE',
    /^302 /,
  ],
  ['no answer at all', { fault: 'stall' }, 'AMAZON_UNAVAILABLE', /did not answer completely in 1000 ms/],
  ['a closed connection', { fault: 'reset' }, 'AMAZON_UNAVAILABLE', /did not answer completely/],
  ['a cut body', { fault: 'cut' }, 'AMAZON_UNAVAILABLE', /did not answer completely/],
  ['an endless body', { fault: 'endless' }, 'AMAZON_UNAVAILABLE', /more than 10000000 bytes|in 1000 ms/],
  ['a dripping body', { fault: 'drip' }, 'AMAZON_UNAVAILABLE', /in 1000 ms/],
])('%s has its code', async ([, behaviour, code, message]) => {
  standIn.behave(behaviour)
  const error = await refusalOf()
  expect(error.code).toBe(code)
  expect(error.message).toMatch(message)
})

test('a partner tag that Amazon does not know is named', async () => {
  const error = await refusalOf({ partnerTag: 'other-20' })
  expect(error.code).toBe('AMAZON_INVALID_PARTNER_TAG')
  expect(error.message).toContain('AMAZON_PARTNER_TAG (other-20)')
})

test('a wrong secret is AMAZON_BAD_CREDENTIALS and appears in no message', async () => {
  const error = await refusalOf({ credentialSecret: 'very-wrong-secret' })
  expect(error.code).toBe('AMAZON_BAD_CREDENTIALS')
  expect(error.message).toMatch(/^401 invalid_client: Client authentication failed.*AMAZON_CREDENTIAL_SECRET/)
  expect(error.message).not.toContain('very-wrong-secret')
})

test.for<[string, Behaviour]>([
  ['temporarily_unavailable', gone(400, { error: 'temporarily_unavailable' })],
  ['server_error', gone(400, { error: 'server_error', error_description: 'Try again.' })],
])('a token endpoint that says %s is AMAZON_UNAVAILABLE', async ([name, behaviour]) => {
  standIn.behave({ operation: 'token', ...behaviour })
  expect(await refusalOf()).toMatchObject({ code: 'AMAZON_UNAVAILABLE', message: expect.stringContaining(name) })
})

test('a token endpoint that fails is AMAZON_UNAVAILABLE', async () => {
  standIn.behave({ operation: 'token', ...trouble.html(500) })
  expect((await refusalOf()).code).toBe('AMAZON_UNAVAILABLE')
})

test('nobody listening is AMAZON_UNAVAILABLE', async () => {
  const closed = await startAmazonStandIn({ products: [], requestsPerSecond: 1 })
  await closed.close()
  const error = await refusalOf({ url: closed.url })
  expect(error.code).toBe('AMAZON_UNAVAILABLE')
  expect(error.message).toContain('ECONNREFUSED')
})

test('a credential version that Amazon does not have is a wrong setting', async () => {
  const error = await refusalOf({ credentialVersion: '4.1', tokenUrl: undefined }).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
})
