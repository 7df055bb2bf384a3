import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createDatabaseRole } from '../stack/database-role.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor, ServiceProcess } from '../stack/service-process.ts'
import { AMAZON_STAND_IN, trouble } from '../stack/stand-ins/amazon.ts'
import { MODEL_STAND_IN_KEY } from '../stack/stand-ins/model.ts'
import { refuse } from '../stack/stand-ins/model-checks.ts'

// A command is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

/** A server that lets nobody in, and repeats what it was sent. */
async function startParrot(): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    const told = [request.headers.authorization, Buffer.from(body).toString(), request.url].join(' ')
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error_code: 401, error: told, error_description: told, message: told }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function planted(url: string, password: string): string {
  const withLogin = new URL(url)
  withLogin.username ||= 'me'
  withLogin.password = password
  return withLogin.href
}

test('no secret of any setting is told: printed, logged, at the open port, in headers or in dead letters', async () => {
  const { env, start, publish, results, dead, amazon, model } = await createScenario({
    MODEL_USE: 'always',
    RETRY_DELAYS: '1s',
    RETRY_DEADLINE_HOURS: '0',
    LOG_LEVEL: 'trace',
    HTTPS_PROXY: 'http://me:planted-proxy@127.0.0.1:9',
  })
  const admin = env.DATABASE_URL
  const role = await createDatabaseRole(admin)
  onTestFinished(() => role.close())
  env.DATABASE_URL = role.url
  const ofDatabase = new URL(role.url).password
  // This one asks for no login, and takes any.
  env.SCHEMA_REGISTRY_URL = planted(env.SCHEMA_REGISTRY_URL, 'planted-registry-url')
  const parrot = await startParrot()
  const told: string[] = []
  const tell = (service: ServiceProcess) => told.push(JSON.stringify(service.logs), ...service.output)
  const run = async (changes: Record<string, string>, ...verb: string[]) => {
    const service = new ServiceProcess({ ...env, ...changes }, verb)
    await service.exited()
    tell(service)
    return service.output.join('\n')
  }

  expect(await run({ DATABASE_URL: admin }, 'setup')).toContain('has id')
  const service = start()
  // Each of them repeats what it knows of us.
  const says = `<h1>${AMAZON_STAND_IN.credentialSecret} and ${ofDatabase} are wrong</h1>`
  amazon.behave({ ...trouble.html(500), body: says, when: (query) => query.includes('Blue') })
  await publish(anAlbum('1'), anAlbum('bad', { title: '' }))
  await publish(anAlbum('refused', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  await results.waitFor((records) => records.length === 1, 'the result')
  await dead.waitFor((records) => records.length === 2, 'the dead letters')
  model.behave(refuse(401, `Incorrect API key provided: ${MODEL_STAND_IN_KEY}.`, 'invalid_api_key'))
  await publish(anAlbum('2', { title: 'In Utero' }))
  await service.waitForLog(isHeldFor('lane', 'MODEL_BAD_CREDENTIALS'))
  for (const path of ['/ready', '/metrics', '/live']) told.push((await service.get(path)).text)
  await expect.poll(() => run({}, 'status')).toContain('held for MODEL_BAD_CREDENTIALS')
  for (const verb of ['status --json', 'config', 'config --json', 'show refused', 'dead list', 'dead list --json'])
    await run({}, ...verb.split(' '))
  expect(await service.stop()).toBe(0)
  tell(service)
  const letters = await dead.readToEnd()
  expect(letters.map(({ headers }) => headers['enricher-error-message']).join()).toContain('(hidden) and (hidden)')
  told.push(JSON.stringify([letters, await results.readToEnd()]))

  const sasl = { KAFKA_SECURITY_PROTOCOL: 'sasl_plaintext', KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'me' }
  const oauth = { ...sasl, KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_OAUTH_CLIENT_ID: 'me' }
  const nobody = planted(role.url, '')
  const refused = [
    { ...sasl, KAFKA_SASL_PASSWORD: 'planted-kafka' },
    { ...oauth, KAFKA_OAUTH_TOKEN_URL: `${parrot}/token`, KAFKA_OAUTH_CLIENT_SECRET: 'planted-oauth' },
    { KAFKA_SSL_KEY: '-----BEGIN PRIVATE KEY-----planted-pem' },
    { SCHEMA_REGISTRY_URL: planted(parrot, 'planted-registry-login') },
    { SCHEMA_REGISTRY_URL: parrot, SCHEMA_REGISTRY_USERNAME: 'me', SCHEMA_REGISTRY_PASSWORD: 'planted-registry' },
    { SCHEMA_REGISTRY_URL: parrot, SCHEMA_REGISTRY_TOKEN: 'planted-token-of-registry' },
    { DATABASE_URL: planted(role.url, 'planted-database-url') },
    { DATABASE_URL: nobody, DATABASE_PASSWORD: 'planted-database' },
    { DATABASE_URL: nobody, DATABASE_PASSWORD_COMMAND: 'echo planted-database-command' },
  ]
  for (const changes of refused) {
    expect(await run(changes as Record<string, string>, 'status'), JSON.stringify(changes)).not.toBe('')
    await run(changes as Record<string, string>, 'config')
  }
  expect(await run({ SCHEMA_REGISTRY_URL: planted(parrot, 'planted-registry-setup') }, 'setup')).toContain('401')

  const all = told.join('\n')
  const secrets = [AMAZON_STAND_IN.credentialSecret, MODEL_STAND_IN_KEY, ofDatabase, 'planted-']
  const encoded = ['me:planted-registry', 'me:planted-oauth'].map((login) =>
    // Whatever follows: three characters for three bytes.
    Buffer.from(login).toString('base64').slice(0, -4),
  )
  expect([...secrets, ...encoded].filter((secret) => all.includes(secret))).toEqual([])
  expect(all.length).toBeGreaterThan(50_000)
})
