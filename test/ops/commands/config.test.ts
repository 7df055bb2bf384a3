import { expect, test } from 'vitest'
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
  expect(status).toBe(0)
  expect(output).toMatch(/^LOG_LEVEL +debug/m)
  expect(output).toMatch(/^METRICS_PORT +9464 +default/m)
  expect(output).toMatch(/^MODEL_USE +sometimes +wants open, always or never/m)
  expect(output).toMatch(/^DATABASE_URL +\(hidden\)/m)
  expect(output).not.toContain('hush')
  const json = await runVerb(env, 'config', '--json')
  expect(JSON.parse(json.output)).toMatchObject({ LOG_LEVEL: 'debug', OPENAI_API_KEY: '(hidden)' })
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
