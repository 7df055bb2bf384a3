import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AmazonApi, AmazonRequestSeen } from '../../src/amazon/amazon-api.ts'
import { createCreatorsApi } from '../../src/amazon/creators-api.ts'
import { createPaapiApi } from '../../src/amazon/paapi-api.ts'
import type { Pace } from '../../src/amazon/pace.ts'
import { createLocalPace } from '../stack/local-pace.ts'
import { AMAZON_STAND_IN, type AmazonStandIn, type Behaviour, startAmazonStandIn } from '../stack/stand-ins/amazon.ts'
import { FEW_PRODUCTS } from '../stack/stand-ins/amazon-products.ts'
import { PAAPI_STAND_IN, type PaapiStandIn, startPaapiStandIn } from '../stack/stand-ins/paapi.ts'

interface Fixture {
  name: string
  protocol: 'creators' | 'paapi'
  operation: 'getItems' | 'searchItems' | 'token'
  status: number
  body: unknown
  outcome:
    | { products: object[] }
    | { code: string; message: string }
    | { throttledForMs: number | null }
    | { token: string }
}

const FOLDER = new URL('../data/amazon-replies/', import.meta.url)
const fixtures = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name): Fixture => ({ name, ...JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) }))

const never = new AbortController().signal
let creators: AmazonStandIn
let paapi: PaapiStandIn
let seen: AmazonRequestSeen[]
let hints: (number | undefined)[]

beforeAll(async () => {
  creators = await startAmazonStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 1000 })
  paapi = await startPaapiStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 1000 })
})
afterAll(async () => {
  await creators.close()
  await paapi.close()
})
beforeEach(() => {
  creators.reset()
  paapi.reset()
  seen = []
  hints = []
})

/** A pace that notes the hints, so that a test need not wait for a documented minute. */
function notingPace(): Pace {
  return { ...createLocalPace(500), slowDown: (ms) => hints.push(ms) }
}

const shared = {
  marketplace: 'www.amazon.com',
  partnerTag: 'example-20',
  timeoutMs: 5_000,
  onRequest: (request: AmazonRequestSeen) => void seen.push(request),
}
const providers = {
  creators: {
    open: (): AmazonApi =>
      createCreatorsApi({
        ...AMAZON_STAND_IN,
        ...shared,
        url: creators.url,
        tokenUrl: creators.tokenUrl,
        pace: notingPace(),
      }),
    behave: (behaviour: Behaviour) => creators.behave(behaviour),
  },
  paapi: {
    open: (): AmazonApi => createPaapiApi({ ...PAAPI_STAND_IN, ...shared, url: paapi.url, pace: notingPace() }),
    behave: (behaviour: Behaviour) => paapi.behave(behaviour),
  },
}

const ask = (api: AmazonApi, operation: Fixture['operation']) =>
  operation === 'getItems'
    ? api.getItems(['B0TEST0001'], never)
    : api.searchItems({ title: 'Kind of Blue', searchIndex: 'Music' }, never)

test.for(fixtures.map((fixture) => [fixture.name, fixture] as const))(
  '%s is taken as documented',
  async ([, fixture]) => {
    const { protocol, operation, status, body, outcome } = fixture
    const { open, behave } = providers[protocol]
    const throttled = 'throttledForMs' in outcome
    behave({ operation, status, body, ...(throttled && { times: 1 }) })
    // A token of a fixture is good nowhere: what follows it is told, too.
    if ('token' in outcome)
      behave({ operation: 'searchItems', status: 404, body: { type: 'ResourceNotFoundException' } })
    const asked = ask(open(), operation)

    if ('code' in outcome) {
      await expect(asked).rejects.toMatchObject({
        code: outcome.code,
        message: expect.stringMatching(
          new RegExp(`^${outcome.message}: .+ Asked: |^${outcome.message}: .+AMAZON_CREDENTIAL_ID`),
        ),
      })
    } else if (throttled) {
      expect(await asked).not.toEqual([])
      expect(hints).toEqual([outcome.throttledForMs ?? undefined])
      expect(seen.map(({ result }) => result).filter((result) => result !== 'ok')).toEqual(['AMAZON_THROTTLED'])
    } else if ('token' in outcome) {
      expect(await asked).toEqual([])
      expect(seen.map(({ operation: which, result }) => [which, result])).toEqual([
        ['token', 'ok'],
        ['searchItems', 'ok'],
      ])
    } else {
      const products = await asked
      expect(products.map(({ fetchedAt, ...rest }) => rest)).toEqual(outcome.products)
      for (const { fetchedAt } of products) expect(Math.abs(Date.now() - fetchedAt)).toBeLessThan(10_000)
    }
  },
)

/** Every path of a reply with its type, list positions left out and capitals ignored: the two protocols are twins. */
function pathsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((inner) => pathsOf(inner, `${path}[]`))
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, `${path}.${name.toLowerCase()}`))
  }
  return value === null ? [] : [`${path}: ${typeof value}`]
}

describe('the stand-ins answer in documented shapes only', () => {
  const documented = new Set([
    ...fixtures.flatMap(({ body }) => pathsOf(body)),
    // Known without a sample: api-reference/resources/images and item-info, and the SDKs' model of a bad field.
    ...['name: string', 'message: string'].map((rest) => `.fieldlist[].${rest}`),
    ...['url: string', 'width: number', 'height: number'].map((rest) => `.images.primary.hires.${rest}`),
    ...['displayvalues[]: string', 'label: string', 'locale: string'].map(
      (rest) => `.iteminfo.technicalinfo.formats.${rest}`,
    ),
  ])
  const anywhere = new Set([...documented].map((path) => path.replace(/^\.(searchresult|items?result)\.items\[\]/, '')))
  const isDocumented = (path: string) =>
    documented.has(path) || anywhere.has(path.replace(/^\.(searchresult|itemsresult)\.items\[\]/, ''))

  async function post(url: string, headers: Record<string, string>, body: object): Promise<unknown> {
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-marketplace': 'www.amazon.com', ...headers },
      body: JSON.stringify(body),
    })
    return reply.json()
  }

  test('of the Creators API', async () => {
    const account = { client_id: AMAZON_STAND_IN.credentialId, client_secret: AMAZON_STAND_IN.credentialSecret }
    const token = await post(
      creators.tokenUrl,
      {},
      {
        ...account,
        grant_type: 'client_credentials',
        scope: 'creatorsapi::default',
      },
    )
    const headers = { authorization: `Bearer ${(token as { access_token: string }).access_token}` }
    const common = { partnerTag: 'example-20', resources: ALL_RESOURCES }
    const itemIds = [...FEW_PRODUCTS.map(({ asin }) => asin), 'B0UNKNOWN0']
    const replies = [
      token,
      await post(`${creators.url}/catalog/v1/getItems`, headers, { ...common, itemIds }),
      await post(`${creators.url}/catalog/v1/getItems`, headers, { ...common, itemIds: ['B0UNKNOWN0'] }),
      await post(`${creators.url}/catalog/v1/searchItems`, headers, { ...common, title: 'Kind of Blue' }),
      await post(`${creators.url}/catalog/v1/searchItems`, headers, { ...common, title: 'No such record' }),
      await post(`${creators.url}/catalog/v1/searchItems`, headers, { ...common, title: ' ' }),
      await post(`${creators.url}/catalog/v1/searchItems`, headers, { partnerTag: 'other-20', title: 'x' }),
      await post(`${creators.url}/catalog/v1/searchItems`, { authorization: 'Bearer no' }, { ...common, title: 'x' }),
    ]
    expect(replies.flatMap((reply) => pathsOf(reply)).filter((path) => !isDocumented(path))).toEqual([])
  })

  test('of PA-API, as its own SDK reads them', async () => {
    const api = providers.paapi.open()
    const items = await api.getItems([...FEW_PRODUCTS.map(({ asin }) => asin), 'B0UNKNOWN0'], never)
    const twins = await providers.creators.open().getItems(
      FEW_PRODUCTS.map(({ asin }) => asin),
      never,
    )
    // Both stand-ins tell the same facts; highRes images are the Creators API's alone.
    const facts = ({ fetchedAt, image, ...rest }: (typeof items)[number]) => rest
    expect(items.map(facts)).toEqual(twins.map(facts))
  })
})

const ALL_RESOURCES = [
  ...['small', 'medium', 'large', 'highRes'].map((size) => `images.primary.${size}`),
  ...[
    'title',
    'byLineInfo',
    'classifications',
    'contentInfo',
    'externalIds',
    'features',
    'productInfo',
    'technicalInfo',
  ].map((name) => `itemInfo.${name}`),
  ...['price', 'availability', 'condition', 'merchantInfo', 'isBuyBoxWinner'].map(
    (name) => `offersV2.listings.${name}`,
  ),
  'browseNodeInfo.websiteSalesRank',
  'parentASIN',
]
