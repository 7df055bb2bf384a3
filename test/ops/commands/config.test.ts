import { expect, test } from 'vitest'
import { hidePassword } from '../../../src/setting.ts'
import { runVerb } from '../../stack/service-process.ts'

const env = {
  DATABASE_URL: 'postgresql://me:hush-database@db/albums',
  AMAZON_CREDENTIAL_SECRET: 'hush-amazon',
  OPENAI_API_KEY: 'hush-model',
  MODEL_USE: 'sometimes',
  LOG_LEVEL: 'debug',
}

test('config tells every setting in force, marks the wrong ones, and no secret', async () => {
  const { status, output } = await runVerb(env, 'config')
  expect(status).toBe(2)
  expect(output).toContain('MODEL_USE: got "sometimes", wants open, always or never')
  expect(output).toMatch(/^LOG_LEVEL +debug/m)
  expect(output).toMatch(/^METRICS_PORT +9464 +default/m)
  expect(output).toMatch(/^MODEL_USE +sometimes +wants open, always or never/m)
  expect(output).toMatch(/^DATABASE_URL +postgresql:\/\/me:\(hidden\)@db\/albums$/m)
  expect(output).not.toContain('hush')
  const json = await runVerb(env, 'config', '--json')
  expect(JSON.parse(json.output)).toMatchObject({
    LOG_LEVEL: 'debug',
    OPENAI_API_KEY: '(hidden)',
    notes: { MODEL_USE: 'wants open, always or never', METRICS_PORT: 'default' },
    mistakes: expect.arrayContaining([expect.stringMatching(/^KAFKA_BROKERS: is not set/)]),
  })
  expect(json.status).toBe(2)
  expect(json.output).not.toContain('hush')
})

test('no part of a password in a URL is told, whatever stands in it, and one that cannot be read is refused', async () => {
  const config = async (address: string) => {
    const { output } = await runVerb({ ...env, SCHEMA_REGISTRY_URL: address, HTTPS_PROXY: address }, 'config')
    expect(output).not.toMatch(/hush|Tail/)
    return output
  }
  const REFUSED =
    /^SCHEMA_REGISTRY_URL +https:\/\/\(hidden\)@reg:8081 +wants an http or https URL; in user and password/m
  expect(await config('https://svc:Tail@hush@reg:8081')).toMatch(/^HTTPS_PROXY +https:\/\/\(hidden\)@reg:8081$/m)
  expect(await config('https://svc:Tail/hush@reg:8081')).toMatch(REFUSED)
  expect(await config('https://svc:100%hush@reg:8081')).toMatch(REFUSED)
})

test.each([
  [
    'postgresql://me@db:5432/albums?schema=mine&sslmode=disable&sslkey=hush',
    'postgresql://me@db:5432/albums?schema=mine&sslmode=disable',
  ],
  ['postgresql://db/albums', 'postgresql://db/albums'],
  ['postgresql://me:Tail@hush@db/albums', 'postgresql://me:(hidden)@db/albums'],
  ['postgresql://me:12/hush@db/albums', '(hidden)'],
  ['postgresql://me:12@34?hush@db/albums', '(hidden)'],
  ['postgresql://me:12#hush@db/albums', '(hidden)'],
  ['postgresql://me:Tail/hush@db/albums', '(hidden)'],
])('of %s is told %s', (value, told) => {
  expect(hidePassword(value)).toBe(told)
})

test('settings that the service starts with are no mistake', async () => {
  const good = {
    ...env,
    MODEL_USE: 'never',
    KAFKA_BROKERS: 'kafka:9092',
    SCHEMA_REGISTRY_URL: 'http://registry:8081',
    AMAZON_PARTNER_TAG: 'example-20',
    AMAZON_CREDENTIAL_ID: 'id',
    AMAZON_CREDENTIAL_VERSION: '3.1',
  }
  expect((await runVerb(good, 'config')).status).toBe(0)
  const { AMAZON_CREDENTIAL_VERSION: _, ...bad } = good
  const { status, output } = await runVerb(bad, 'config')
  expect([status, output.split('\n').at(-1)]).toEqual([
    2,
    expect.stringContaining('AMAZON_CREDENTIAL_VERSION: is not set'),
  ])
})
