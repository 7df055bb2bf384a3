import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { runVerb } from '../../stack/service-process.ts'
import { AMAZON_STAND_IN, type AmazonStandIn, startAmazonStandIn, trouble } from '../../stack/stand-ins/amazon.ts'
import { FEW_PRODUCTS } from '../../stack/stand-ins/amazon-products.ts'

let amazon: AmazonStandIn

beforeAll(async () => {
  amazon = await startAmazonStandIn({ products: FEW_PRODUCTS, requestsPerSecond: 10 })
})
afterAll(() => amazon.close())
beforeEach(() => amazon.reset())

/** With an Amazon key and nothing else. */
const tryAlbum = (...rest: string[]) =>
  runVerb(
    {
      AMAZON_URL: amazon.url,
      AMAZON_TOKEN_URL: amazon.tokenUrl,
      AMAZON_CREDENTIAL_ID: AMAZON_STAND_IN.credentialId,
      AMAZON_CREDENTIAL_SECRET: AMAZON_STAND_IN.credentialSecret,
      AMAZON_CREDENTIAL_VERSION: AMAZON_STAND_IN.credentialVersion,
      AMAZON_PARTNER_TAG: AMAZON_STAND_IN.partnerTag,
      AMAZON_REQUESTS_PER_SECOND: '10',
    },
    'try',
    'Miles Davis',
    'Kind of Blue',
    ...rest,
  )

test('an Amazon key is enough to see requests, candidates with verdict, score and price, and the outcome', async () => {
  const { status, output } = await tryAlbum()
  expect(output).toMatch(/^Amazon request +status +result/)
  expect(output).toContain('searchItems artist "Miles Davis" title "Kind of Blue" in Music')
  expect(output).toMatch(/^accept +rules +\d\.\d\d +B\w{9} +\d+\.\d\d USD .*Kind of Blue.*title 0\.50/m)
  expect(output).toMatch(/^best image: https:\/\//m)
  expect(output).toMatch(/^outcome: matched \(\d+ candidates: /m)
  expect(output).toContain('the model was not asked: OPENAI_API_KEY is not set; what the rules left open stays open')
  expect(status).toBe(0)
})

test('--json prints the same as one object', async () => {
  const { status, output } = await tryAlbum('--json')
  expect(status).toBe(0)
  expect(JSON.parse(output)).toMatchObject({
    outcome: 'matched',
    requests: [{ operation: 'token' }, { operation: 'searchItems', status: 200, result: 'ok' }],
    candidates: expect.arrayContaining([expect.objectContaining({ verdict: 'accept', parts: expect.any(Array) })]),
  })
})

test('a refusal is one plain line and has an exit status of its own', async () => {
  amazon.behave(trouble.notEligible())
  const { status, output } = await tryAlbum()
  expect(output.split('\n')).toEqual([expect.stringMatching(/^403 AssociateNotEligible: .*\(AMAZON_NOT_ELIGIBLE\)$/)])
  expect(status).toBe(3)
})

test('without a key it asks for the settings of Amazon and for no others', async () => {
  const { status, output } = await runVerb({}, 'try', 'Miles Davis', 'Kind of Blue')
  expect(status).toBe(2)
  const asked = [...output.matchAll(/^ {2}(\w+): is not set/gm)].map(([, name]) => name)
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.filter((name) => !name?.startsWith('AMAZON_'))).toEqual([])
})
