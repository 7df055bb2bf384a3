import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { createKafka, withAdmin } from '../../src/kafka/kafka-client.ts'
import { kafkaSecurity } from '../../src/kafka/security.ts'
import { createLogger } from '../../src/log.ts'
import { KAFKA_PASSWORD, loginSettings } from '../stack/broker-security.ts'
import { createAuthority } from '../stack/certificates.ts'
import { type SecuredKafka, startSecuredKafka } from '../stack/secured-kafka.ts'
import { startTokenServer, TOKEN_CLIENT } from '../stack/token-server.ts'

let kafka: SecuredKafka
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-enricher-security-'))
  kafka = await startSecuredKafka(['enricher'])
})
afterAll(async () => {
  await kafka?.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Env = Record<string, string>

const scram = (): Env => loginSettings(kafka.brokers.sasl_ssl, kafka.authority.ca, 'enricher')

function connect(env: Env) {
  const config = loadConfig(['kafka'], env)
  return createKafka(config.KAFKA_BROKERS, 'security', createLogger('fatal'), kafkaSecurity(config))
}

const ask = (env: Env) => withAdmin(connect(env), (admin) => admin.listTopics())

function givenFile(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

describe('a broker is reached', () => {
  test.each(['plain', 'scram-sha-256', 'SCRAM-SHA-512'])('with %s over TLS', async (mechanism) => {
    expect(await ask({ ...scram(), KAFKA_SASL_MECHANISM: mechanism })).toEqual([])
  })

  test('without TLS, and with the CA as text', async () => {
    const { KAFKA_SSL_CA, ...login } = scram()
    const env = { ...login, KAFKA_BROKERS: kafka.brokers.sasl_plaintext, KAFKA_SECURITY_PROTOCOL: 'sasl_plaintext' }
    expect(await ask(env)).toEqual([])
    const { KAFKA_SSL_CA: _path, ...rest } = scram()
    expect(await ask({ ...rest, KAFKA_SSL_CA_FILE: KAFKA_SSL_CA ?? '' })).toEqual([])
  })

  test('with a client certificate', async () => {
    const client = kafka.authority.issue('client')
    const env = {
      KAFKA_BROKERS: kafka.brokers.mutual,
      KAFKA_SECURITY_PROTOCOL: 'ssl',
      KAFKA_SSL_CA: kafka.authority.ca,
    }
    expect(await ask({ ...env, KAFKA_SSL_CERT: client.cert, KAFKA_SSL_KEY: client.key })).toEqual([])
  })

  test('whose certificate carries another name than its address, when told that name', async () => {
    const elsewhere = { ...scram(), KAFKA_BROKERS: kafka.brokers.elsewhere }
    expect(await ask({ ...elsewhere, KAFKA_SSL_SERVER_NAME: 'kafka.elsewhere.example' })).toEqual([])
  })

  test('with an OAuth token, which is fetched once for many connections', async () => {
    const tokens = await startTokenServer('enricher')
    onTestFinished(() => tokens.close())
    const client = connect(oauth(tokens.url))
    for (let times = 0; times < 3; times += 1)
      expect(await withAdmin(client, (admin) => admin.listTopics())).toEqual([])
    expect(tokens.count).toBe(1)
  })

  test('with the password that its file holds now', async () => {
    const { KAFKA_SASL_PASSWORD: _given, ...rest } = scram()
    const file = givenFile('password', 'the former one\n')
    const client = connect({ ...rest, KAFKA_SASL_PASSWORD_FILE: file })
    const look = () => withAdmin(client, (admin) => admin.listTopics())
    await expect(look()).rejects.toThrow()
    givenFile('password', `${KAFKA_PASSWORD}\n`)
    expect(await look()).toEqual([])
  })
})

const oauth = (url: string): Env => ({
  KAFKA_BROKERS: kafka.brokers.sasl_ssl,
  KAFKA_SECURITY_PROTOCOL: 'sasl_ssl',
  KAFKA_SSL_CA: kafka.authority.ca,
  KAFKA_SASL_MECHANISM: 'oauthbearer',
  KAFKA_OAUTH_TOKEN_URL: url,
  KAFKA_OAUTH_CLIENT_ID: TOKEN_CLIENT.id,
  KAFKA_OAUTH_CLIENT_SECRET: TOKEN_CLIENT.secret,
})

describe('within ten seconds one line names setting and remedy when', () => {
  const WRONG: [string, (env: Env) => Env | Promise<Env>, RegExp][] = [
    ['the CA is another', (env) => ({ ...env, KAFKA_SSL_CA: createAuthority(folder, 'stranger').ca }), /KAFKA_SSL_CA/],
    ['no CA is given', ({ KAFKA_SSL_CA: _ca, ...env }) => env, /KAFKA_SSL_CA/],
    ['the password is wrong', (env) => ({ ...env, KAFKA_SASL_PASSWORD: 'wrong' }), /KAFKA_SASL_PASSWORD/],
    [
      'the password for plain is wrong',
      (env) => ({ ...env, KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'wrong' }),
      /KAFKA_SASL_PASSWORD/,
    ],
    [
      'the certificate has expired',
      (env) => ({ ...env, KAFKA_BROKERS: kafka.brokers.expired }),
      /certificate .*expired.*KAFKA_BROKERS/,
    ],
    [
      'the certificate is for another host',
      (env) => ({ ...env, KAFKA_BROKERS: kafka.brokers.elsewhere }),
      /does not match.*KAFKA_SSL_SERVER_NAME/,
    ],
    [
      'the client certificate is missing',
      () => ({
        KAFKA_BROKERS: kafka.brokers.mutual,
        KAFKA_SECURITY_PROTOCOL: 'ssl',
        KAFKA_SSL_CA: kafka.authority.ca,
      }),
      /KAFKA_SSL_CERT/,
    ],
    [
      'the client certificate is a stranger’s',
      () => {
        const { cert, key } = createAuthority(folder, 'other').issue('client')
        return {
          KAFKA_BROKERS: kafka.brokers.mutual,
          KAFKA_SECURITY_PROTOCOL: 'ssl',
          KAFKA_SSL_CA: kafka.authority.ca,
          KAFKA_SSL_CERT: cert,
          KAFKA_SSL_KEY: key,
        }
      },
      /KAFKA_SSL_CERT/,
    ],
    ['TLS is missing', (env) => ({ KAFKA_BROKERS: env.KAFKA_BROKERS ?? '' }), /KAFKA_SECURITY_PROTOCOL/],
    ['TLS is too much', (env) => ({ ...env, KAFKA_BROKERS: kafka.brokers.sasl_plaintext }), /KAFKA_SECURITY_PROTOCOL/],
    ['the login is missing', () => ({ KAFKA_BROKERS: kafka.brokers.sasl_plaintext }), /KAFKA_SECURITY_PROTOCOL/],
    [
      'the token’s secret is wrong',
      async () => {
        const tokens = await startTokenServer('enricher')
        onTestFinished(() => tokens.close())
        return { ...oauth(tokens.url), KAFKA_OAUTH_CLIENT_SECRET: 'wrong' }
      },
      /401 invalid_client.*KAFKA_OAUTH_CLIENT_SECRET/,
    ],
    [
      'the token is out of date',
      async () => {
        const tokens = await startTokenServer('enricher', -300)
        onTestFinished(() => tokens.close())
        return oauth(tokens.url)
      },
      /invalid_token.*KAFKA_OAUTH_/,
    ],
  ]
  test.each(WRONG)('%s', async (_what, change, expected) => {
    const env = await change(scram())
    const began = Date.now()
    const error = await ask(env).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.message).toMatch(expected)
    expect(error?.message).not.toMatch(/\n/)
    expect(error?.message).not.toContain(env.KAFKA_SASL_PASSWORD ?? KAFKA_PASSWORD)
    expect(Date.now() - began).toBeLessThan(10_000)
  })
})
