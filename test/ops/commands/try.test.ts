import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from 'vitest'
import { Database } from '../../../src/db/database.ts'
import { createDatabase } from '../../stack/create-database.ts'
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
const tryAlbum = (...rest: string[]) => tryAlbumWith({}, ...rest)

const tryAlbumWith = (settings: Record<string, string>, ...rest: string[]) =>
  tryWords(settings, 'Miles Davis', 'Kind of Blue', ...rest)

const tryWords = (settings: Record<string, string>, ...words: string[]) =>
  runVerb(
    {
      AMAZON_URL: amazon.url,
      AMAZON_TOKEN_URL: amazon.tokenUrl,
      AMAZON_CREDENTIAL_ID: AMAZON_STAND_IN.credentialId,
      AMAZON_CREDENTIAL_SECRET: AMAZON_STAND_IN.credentialSecret,
      AMAZON_CREDENTIAL_VERSION: AMAZON_STAND_IN.credentialVersion,
      AMAZON_PARTNER_TAG: AMAZON_STAND_IN.partnerTag,
      AMAZON_REQUESTS_PER_SECOND: '10',
      ...settings,
    },
    'try',
    ...words,
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

test('what no album can be called is told, and Amazon is not asked', async () => {
  const { status, output } = await tryWords({}, 'Miles Davis', ' ')
  expect(output).toMatch(/^title is " ": .*\(RECORD_INVALID\)$/)
  expect(status).toBe(1)
  expect(amazon.calls).toEqual([])
})

test('nothing but 429 is told in words after 20 s, as a refusal', { timeout: 60_000 }, async () => {
  amazon.behave(trouble.throttled())
  const startedAt = Date.now()
  const { status, output } = await tryAlbum()
  expect(output.split('\n')).toEqual([
    expect.stringMatching(/^429: .*nothing but "slow down" for 2\d s.*Associates Central.*\(AMAZON_ONLY_THROTTLES\)$/),
  ])
  expect(status).toBe(3)
  expect(Date.now() - startedAt).toBeGreaterThan(20_000)
})

test('beside a service it keeps one pace with it, and spends of the same day', async () => {
  const url = await createDatabase(inject('databaseUrl'), `try-${randomUUID().slice(0, 8)}`)
  const shared = { DATABASE_URL: url, AMAZON_REQUESTS_PER_DAY: '1' }
  const folder = mkdtempSync(join(tmpdir(), 'try-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const before = await tryAlbumWith(shared)
  expect(before.output).toMatch(/^the pace is kept without the service's: the database lacks m\d+/)
  expect(before.status).toBe(0)

  const db = new Database(url)
  onTestFinished(() => db.close())
  await db.migrate()
  expect((await tryAlbumWith(shared)).status).toBe(0)
  // As a Secret would give them.
  const [urlFile, passwordFile] = [join(folder, 'url'), join(folder, 'password')]
  const { password } = new URL(url)
  writeFileSync(urlFile, url.replace(`:${password}@`, '@'))
  writeFileSync(passwordFile, password)
  const { DATABASE_URL: _, ...day } = shared
  const spent = await tryAlbumWith({ ...day, DATABASE_URL_FILE: urlFile, DATABASE_PASSWORD_FILE: passwordFile })
  expect(spent.output).toMatch(/the account's Amazon requests of the day are spent; more come at .*AMAZON_DAY_SPENT/)
  expect(spent.status).toBe(3)
})

test('without a key it asks for the settings of Amazon and for no others', async () => {
  const { status, output } = await runVerb({}, 'try', 'Miles Davis', 'Kind of Blue')
  expect(status).toBe(2)
  const asked = [...output.matchAll(/^ {2}(\w+): is not set/gm)].map(([, name]) => name)
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.filter((name) => !name?.startsWith('AMAZON_'))).toEqual([])
})
