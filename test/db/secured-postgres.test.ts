import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { Database } from '../../src/db/database.ts'
import { databaseAccess } from '../../src/db/database-access.ts'
import { type Authority, createAuthority } from '../stack/certificates.ts'
import { createDatabase } from '../stack/create-database.ts'
import { type PostgresServer, startPostgres } from '../stack/postgres.ts'

const HOST = '127.0.0.1/32'
const HBA = [
  `hostssl bycert all ${HOST} cert`,
  `hostssl onlytls all ${HOST} password`,
  `host postgres all ${HOST} password`,
]

let folder: string
let authority: Authority
let server: PostgresServer
let expired: PostgresServer
let elsewhere: PostgresServer
let plain: PostgresServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-enricher-tls-'))
  authority = createAuthority(folder)
  const start = (...[name, options]: Parameters<Authority['issue']>) =>
    startPostgres({}, { ...authority.issue(name, options), clientCa: authority.ca, hba: HBA })
  server = await start('server')
  expired = await start('expired', { days: -1 })
  elsewhere = await start('elsewhere', { names: 'DNS:db.elsewhere.example' })
  plain = await startPostgres()
  for (const name of ['bycert', 'onlytls']) await createDatabase(server.url, name)
})
afterAll(async () => {
  await Promise.all([server, expired, elsewhere, plain].map((one) => one?.stop()))
  rmSync(folder, { recursive: true, force: true })
})

function open(env: Record<string, string>): Database {
  const config = loadConfig(['database'], env)
  const db = new Database(config.DATABASE_URL, databaseAccess(config, 'test'))
  onTestFinished(() => db.close())
  return db
}

/** Of our own connection: `null` without TLS. */
async function readTls(db: Database): Promise<{ ssl: boolean; client: string | null }> {
  const sql = 'select ssl, client_dn as client from pg_stat_ssl where pid = pg_backend_pid()'
  const [row] = await db.query((em) => em.execute(sql))
  return row as { ssl: boolean; client: string | null }
}

function urlOf(parameters: string, { url = server.url, database = 'postgres' } = {}): Record<string, string> {
  const address = new URL(url)
  address.pathname = `/${database}`
  return { DATABASE_URL: `${address.href}?${parameters}` }
}

describe('as psql reads it', () => {
  test.each([
    ['sslmode=disable', false],
    ['sslmode=allow', true],
    ['sslmode=prefer', true],
    ['sslmode=require', true],
    ['sslmode=verify-ca&sslrootcert=CA', true],
    ['sslmode=verify-full&sslrootcert=CA', true],
  ])('%s makes TLS %s', async (parameters, ssl) => {
    expect(await readTls(open(urlOf(parameters.replace('CA', authority.ca))))).toMatchObject({ ssl })
  })

  test('prefer does without TLS where there is none, require does not', async () => {
    expect(await readTls(open(urlOf('sslmode=prefer', { url: plain.url })))).toMatchObject({ ssl: false })
    await expect(open(urlOf('sslmode=require', { url: plain.url })).ping()).rejects.toThrow(/sslmode in DATABASE_URL/)
  })

  test('require asks for no authority unless one is given, and verify-ca for no name', async () => {
    const stranger = createAuthority(folder, 'stranger').ca
    await open(urlOf('sslmode=require')).ping()
    await expect(open(urlOf(`sslmode=require&sslrootcert=${stranger}`)).ping()).rejects.toThrow(/sslrootcert/)
    await open(urlOf(`sslmode=verify-ca&sslrootcert=${authority.ca}`, { url: elsewhere.url })).ping()
  })

  test('sslcert and sslkey show who we are', async () => {
    const { cert, key } = authority.issue('postgres')
    const parameters = `sslmode=verify-full&sslrootcert=${authority.ca}&sslcert=${cert}&sslkey=${key}`
    expect(await readTls(open(urlOf(parameters, { database: 'bycert' })))).toEqual({
      ssl: true,
      client: '/CN=postgres',
    })
  })
})

describe('the password', () => {
  const withoutPassword = (): Record<string, string> => {
    const address = new URL(server.url)
    address.password = ''
    return { DATABASE_URL: address.href }
  }

  test('is read anew from its file for each connection', async () => {
    const file = join(folder, 'password')
    writeFileSync(file, 'the former one\n')
    const db = open({ ...withoutPassword(), DATABASE_PASSWORD_FILE: file })
    await expect(db.ping()).rejects.toThrow(/DATABASE_PASSWORD/)
    writeFileSync(file, 'postgres\n')
    await db.ping()
  })

  test('in a URL that comes from a file is read anew too', async () => {
    const file = join(folder, 'url')
    writeFileSync(file, server.url.replace('postgres:postgres', 'postgres:former'))
    const db = open({ DATABASE_URL_FILE: file })
    await expect(db.ping()).rejects.toThrow(/DATABASE_URL/)
    writeFileSync(file, server.url)
    await db.ping()
  })

  test('in a URL that comes from a file may change together with the user, as dynamic credentials do', async () => {
    const file = join(folder, 'leased-url')
    writeFileSync(file, server.url.replace('postgres:postgres', 'ended:former'))
    const db = open({ DATABASE_URL_FILE: file })
    await expect(db.ping()).rejects.toThrow(/"ended"/)
    writeFileSync(file, server.url)
    await db.ping()
    // Which has connections of its own.
    expect(await db.migrate()).not.toEqual([])
  })

  test('comes from a command, whose output is never told', async () => {
    await open({ ...withoutPassword(), DATABASE_PASSWORD_COMMAND: 'printf postgres' }).ping()
    const broken = open({ ...withoutPassword(), DATABASE_PASSWORD_COMMAND: 'echo geheim; echo geheim >&2; exit 3' })
    const error = await broken.ping().catch((thrown: Error) => thrown)
    expect(String(error)).toMatch(/DATABASE_PASSWORD_COMMAND ends with 3/)
    expect(String(error)).not.toContain('geheim')
  })
})

test.each([
  ['another CA', () => urlOf(`sslmode=verify-full&sslrootcert=${createAuthority(folder, 'other').ca}`), /sslrootcert/],
  [
    'a certificate out of date',
    () => urlOf(`sslmode=verify-full&sslrootcert=${authority.ca}`, { url: expired.url }),
    /expired.*DATABASE_URL/,
  ],
  [
    'a certificate for another host',
    () => urlOf(`sslmode=verify-full&sslrootcert=${authority.ca}`, { url: elsewhere.url }),
    /does not match.*DATABASE_URL/,
  ],
  ['no certificate of ours', () => urlOf('sslmode=require', { database: 'bycert' }), /sslcert/],
  ['no TLS where it is wanted', () => urlOf('', { database: 'onlytls' }), /sslmode/],
  [
    'a wrong password',
    () => urlOf('', { url: server.url.replace('postgres:postgres', 'postgres:geheim') }),
    /password in DATABASE_URL/,
  ],
])('%s is one line that names the setting, within ten seconds', async (_what, env, expected) => {
  const began = Date.now()
  const error = await open(env())
    .ping()
    .catch((thrown: Error) => thrown)
  // A server that answers and refuses us has a code of its own.
  const code = /SQLSTATE 28/.test((error as Error).message) ? 'DATABASE_BAD_CREDENTIALS' : 'DATABASE_UNAVAILABLE'
  expect(error).toMatchObject({ code, message: expect.stringMatching(expected) })
  expect((error as Error).message).not.toMatch(/\n|geheim/)
  expect(Date.now() - began).toBeLessThan(10_000)
})
