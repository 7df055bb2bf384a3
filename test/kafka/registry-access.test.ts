import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { describeConfig, loadConfig } from '../../src/config.ts'
import { registryAccess } from '../../src/kafka/registry-access.ts'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'
import { type Authority, createAuthority } from '../stack/certificates.ts'
import { startGate } from '../stack/gate.ts'
import { startProxy } from '../stack/proxy.ts'

const SCHEMA = JSON.stringify({ type: 'record', name: 'Named', fields: [{ name: 'name', type: 'string' }] })
const PASSWORD = 'planted: p@ss/word'
const BASIC = `Basic ${Buffer.from(`reader:${PASSWORD}`).toString('base64')}`

let folder: string
let authority: Authority

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-enricher-registry-'))
  authority = createAuthority(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function openGate(options: { authorization?: string; clientCa?: string; name?: string; days?: number } = {}) {
  const { authorization, clientCa, ...ofCertificate } = options
  const { origin, pathname } = new URL(inject('registryUrl'))
  const certificate = authority.issue(`gate-${randomUUID().slice(0, 8)}`, {
    ...(ofCertificate.name && { names: ofCertificate.name }),
    ...(ofCertificate.days && { days: ofCertificate.days }),
  })
  const gate = await startGate({
    certificate,
    target: origin,
    ...(authorization && { authorization }),
    ...(clientCa && { clientCa }),
  })
  onTestFinished(() => gate.close())
  return {
    SCHEMA_REGISTRY_URL: `https://${gate.host}${pathname}`,
    SCHEMA_REGISTRY_SSL_CA: authority.ca,
  }
}

async function open(env: Record<string, string>): Promise<SchemaRegistry> {
  const config = loadConfig(['registry'], env)
  return new SchemaRegistry(config.SCHEMA_REGISTRY_URL, await registryAccess(config))
}

/** All that the service asks a registry. */
async function useIt(registry: SchemaRegistry): Promise<void> {
  const subject = `access-${randomUUID().slice(0, 8)}-value`
  await registry.ping(subject)
  await registry.register(subject, SCHEMA)
  await registry.ping(subject)
  const codec = await registry.openCodec<{ name: string }>(subject, SCHEMA)
  expect(await codec.decode(await codec.encode({ name: 'one' }))).toEqual({ name: 'one' })
  const unknown = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 0])
  await expect(codec.decode(unknown)).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' })
}

test('a registry behind TLS and a login is used in all ways', async () => {
  const env = await openGate({ authorization: BASIC })
  await useIt(await open({ ...env, SCHEMA_REGISTRY_USERNAME: 'reader', SCHEMA_REGISTRY_PASSWORD: PASSWORD }))
})

test('a login in the URL works, and is shown nowhere', async () => {
  const { SCHEMA_REGISTRY_URL, ...env } = await openGate({ authorization: BASIC })
  const withLogin = SCHEMA_REGISTRY_URL.replace('//', `//reader:${encodeURIComponent(PASSWORD)}@`)
  await useIt(await open({ ...env, SCHEMA_REGISTRY_URL: withLogin }))
  const wrong = withLogin.replace('planted', 'planted-wrong')
  const registry = await open({ ...env, SCHEMA_REGISTRY_URL: wrong })
  const error = await registry.ping('any-value').catch((thrown: Error) => thrown)
  expect(String(error)).toMatch(/status 401.*SCHEMA_REGISTRY_PASSWORD/)
  expect(`${error}${JSON.stringify(describeConfig({ SCHEMA_REGISTRY_URL: withLogin }))}`).not.toContain('planted')
})

test('a bearer token is read anew from its file', async () => {
  const env = await openGate({ authorization: 'Bearer second' })
  const file = join(folder, 'token')
  writeFileSync(file, 'first\n')
  const registry = await open({ ...env, SCHEMA_REGISTRY_TOKEN_FILE: file })
  await expect(registry.ping('any-value')).rejects.toThrow(/SCHEMA_REGISTRY_TOKEN/)
  writeFileSync(file, 'second\n')
  await useIt(registry)
})

test('a client certificate is shown where it is asked for, and its lack is named', async () => {
  const env = await openGate({ clientCa: authority.ca })
  const { cert, key } = authority.issue('client')
  await useIt(await open({ ...env, SCHEMA_REGISTRY_SSL_CERT: cert, SCHEMA_REGISTRY_SSL_KEY: key }))
  await expect((await open(env)).ping('any-value')).rejects.toThrow(/SCHEMA_REGISTRY_SSL_CERT/)
})

test('it is reached through a proxy, and past it when NO_PROXY says so', async () => {
  const proxy = await startProxy()
  onTestFinished(() => proxy.close())
  const { SCHEMA_REGISTRY_SSL_CA, ...env } = await openGate()
  const extra = { ...env, EXTRA_CA: readFileSync(SCHEMA_REGISTRY_SSL_CA, 'utf8'), HTTPS_PROXY: proxy.url }
  await useIt(await open(extra))
  const { host } = new URL(env.SCHEMA_REGISTRY_URL)
  expect(new Set(proxy.asked)).toEqual(new Set([host]))
  const before = proxy.asked.length
  await useIt(await open({ ...extra, NO_PROXY: `elsewhere.example,127.0.0.1` }))
  expect(proxy.asked.length).toBe(before)
  const refused = await open({ ...extra, HTTPS_PROXY: proxy.url.replace('proxy-user', 'nobody') })
  await expect(refused.ping('any-value')).rejects.toThrow(/HTTPS_PROXY.*wants the user and password/)
})

test.each([
  ['another CA', {}, { ca: true }, /SCHEMA_REGISTRY_SSL_CA/],
  ['a certificate out of date', { days: -1 }, {}, /expired.*SCHEMA_REGISTRY_URL/],
  ['a certificate for another host', { name: 'DNS:registry.example' }, {}, /does not match.*SCHEMA_REGISTRY_URL/],
] as [string, { days?: number; name?: string }, { ca?: boolean }, RegExp][])(
  '%s is named with its setting, whoever asks',
  async (_what, ofGate, { ca }, expected) => {
    const env = await openGate(ofGate)
    const registry = await open({
      ...env,
      ...(ca && { SCHEMA_REGISTRY_SSL_CA: createAuthority(folder, 'stranger').ca }),
    })
    const errors = await Promise.all(
      [registry.ping('any-value'), registry.openCodec('any-value', SCHEMA)].map((asked) =>
        (asked as Promise<unknown>).then(
          () => undefined,
          (error: Error) => error,
        ),
      ),
    )
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', message: expect.stringMatching(expected) })
      expect(error?.message).not.toMatch(/\n/)
    }
  },
)
