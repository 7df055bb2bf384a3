import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { MikroORM } from '@mikro-orm/core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { Enrichment } from '../../src/db/entities/enrichment.entity.ts'
import { databaseConfig } from '../../src/db/orm.ts'
import { createDatabase } from '../stack/create-database.ts'
import { type PostgresServer, startPostgres } from '../stack/postgres.ts'

/** `LEDGER_ROWS=1500000` is what a year brings at four albums a minute. */
const ROWS = Number(process.env.LEDGER_ROWS ?? 300_000)
/** Of the service: whoever waits longer for a table has failed. */
const LOCK_TIMEOUT_MS = 5_000
const LAST_OF_FORMER = 'm0005-operators'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

const newUrl = () => createDatabase(server.url, `migrate-${randomUUID().slice(0, 8)}`)

function open(url: string): Database {
  const db = new Database(url)
  onTestFinished(() => db.close())
  return db
}

/** Tables as a former build made them. */
async function makeFormerTables(url: string, to = LAST_OF_FORMER): Promise<void> {
  const orm = new MikroORM(databaseConfig(url))
  await orm.migrator.up({ to })
  await orm.close()
}

const execute = (db: Database, sql: string, values: unknown[] = []) =>
  db.query((em) => em.execute<Record<string, unknown>[]>(sql, values))

/** As the build before m0006 opened a request. */
const INSERT_AS_BEFORE = `
  insert into enrichment (request_id, album_id, marketplace, reason, requested_at, started_at, attempt, answers, failures,
    source_topic, source_offset)
  values (?, 'new', 'www.amazon.ca', 'imported', now(), now(), 1, '{}', '[]', 'requests', 1)`

test(
  `a ledger of ${ROWS} rows is migrated while it is read and written to`,
  async () => {
    const url = await newUrl()
    await makeFormerTables(url)
    const filler = new MikroORM(databaseConfig(url, {}, {}))
    await filler.em.execute(`
      insert into enrichment (request_id, album_id, marketplace, reason, requested_at, started_at, attempt, answers,
        failures, decision, decision_bytes, decided_at, outcome, source_topic, source_offset)
      select gen_random_uuid(), 'album-' || i, 'www.amazon.ca', 'imported', now(), now(), 1, '{}', '[]', 'result',
        decode(repeat('ab', 400), 'hex'), now(), 'matched', 'requests', i
      from generate_series(1, ${ROWS}) i`)
    await filler.em.execute(`
      insert into candidate (album_id, marketplace, asin, product, verdict, decided_by, parts, reason, request_id, judged_at)
      select 'album-' || i, 'www.amazon.ca', 'B0', '{"asin": "B0", "title": "Nevermind", "contributors": []}',
        case when i % 100 = 0 then 'open' else 'reject' end, 'rules', '[]', 'because', gen_random_uuid(), now()
      from generate_series(1, ${ROWS}) i`)
    await filler.close()

    const service = open(url)
    const worker = { isStopped: false, statements: 0, longestMs: 0 }
    const timed = async (sql: string, values: unknown[] = []) => {
      const began = performance.now()
      await execute(service, sql, values)
      worker.longestMs = Math.max(worker.longestMs, performance.now() - began)
      worker.statements += 1
    }
    const work = async () => {
      while (!worker.isStopped) {
        const id = randomUUID()
        await timed(INSERT_AS_BEFORE, [id])
        await timed(`update enrichment set decision = 'result', decided_at = now() where request_id = ?`, [id])
        await timed(`select * from enrichment where album_id = ? limit 1`, [`album-${worker.statements}`])
        await timed(`update candidate set judged_at = now() where album_id = ?`, [`album-${worker.statements}`])
        await delay(5)
      }
    }
    const working = work()

    const began = performance.now()
    await open(url).migrate()
    const seconds = (performance.now() - began) / 1_000
    worker.isStopped = true
    await working

    console.info(`${ROWS} rows: ${seconds.toFixed(1)} s; ${worker.statements} statements beside it, the longest took`)
    console.info(`${worker.longestMs.toFixed(0)} ms`)
    expect(worker.statements).toBeGreaterThan(20)
    expect(worker.longestMs).toBeLessThan(LOCK_TIMEOUT_MS)
    await service.checkMigrated()
    const [left] = await execute(
      service,
      `select count(*) filter (where reached = '{}' or attempt <> 0)::int as wrong, count(*)::int as all
       from enrichment where album_id <> 'new'`,
    )
    expect(left).toEqual({ wrong: 0, all: ROWS })
    const indexes = await execute(
      service,
      `select indexrelid::regclass::text as name from pg_index where not indisvalid
       union all select conname from pg_constraint where not convalidated`,
    )
    expect(indexes, 'left undone').toEqual([])
  },
  ROWS,
)

test('migrations that were cut off go on, and so does an index that was left half built', async () => {
  const url = await newUrl()
  await makeFormerTables(url)
  const db = open(url)
  // What a build leaves that was cut off in the middle of m0006.
  await execute(db, `alter table lane add column fence bigint not null default 0`)
  await execute(db, `create index enrichment_decided_at_index on enrichment (decided_at)`)
  await execute(db, `update pg_index set indisvalid = false where indexrelid = 'enrichment_decided_at_index'::regclass`)
  await db.migrate()
  await db.checkMigrated()
  const [index] = await execute(
    db,
    `select indisvalid as valid from pg_index where indexrelid = 'enrichment_decided_at_index'::regclass`,
  )
  expect(index).toEqual({ valid: true })
  expect(await db.migrate(), 'a second time').toEqual([])
})

test('whoever holds a table longer is given way to, and two set-ups at once end well', async () => {
  const url = await newUrl()
  await makeFormerTables(url)
  const db = open(url)
  const holder = db.transaction(async (em) => {
    await em.execute(`select 1 from enrichment limit 1`)
    await delay(2_500)
  })
  await Promise.all([open(url).migrate(), open(url).migrate(), holder])
  await db.checkMigrated()
})

test('the SQL that is printed does the same in the hands of a role for DDL, and the service needs no right to DDL', async () => {
  const [url, twin] = [await newUrl(), await newUrl()]
  await makeFormerTables(url, 'm0004-quota')
  const admin = open(url)
  for (const sql of [
    `do $$ begin create role ddl login password 'ddl'; create role service login password 'service'; end $$`,
    `grant create, usage on schema public to ddl`,
    `alter default privileges for role ddl in schema public grant select, insert, update, delete on tables to service`,
    `grant select, insert, update, delete on all tables in schema public to service`,
  ])
    await execute(admin, sql)
  for (const [table] of await tablesOf(admin)) await execute(admin, `alter table "${table}" owner to ddl`)
  const as = (role: string) => {
    const address = new URL(url)
    address.username = role
    address.password = role
    return open(address.href)
  }
  const service = as('service')
  await expect(service.checkMigrated()).rejects.toMatchObject({ code: 'TABLES_OUTDATED' })
  await expect(service.migrate()).rejects.toMatchObject({ code: 'DATABASE_FORBIDDEN' })

  const sql = await service.writeMigrations()
  expect(sql).not.toContain('m0004-quota')
  // As setup itself does, whatever limits the role has.
  expect(sql).toMatch(/^set statement_timeout = 0;\nset lock_timeout = 2000;\n/)
  expect(sql).not.toContain('reset')
  const ddl = as('ddl')
  await runPrinted(ddl, sql)
  expect(await service.writeMigrations()).toBe('')
  await service.checkMigrated()
  expect(await service.migrate(), 'setup in the hands of the service').toEqual([])
  await execute(service, INSERT_AS_BEFORE, [randomUUID()])

  const whole = open(twin)
  await whole.migrate()
  expect(await tablesOf(admin)).toEqual(await tablesOf(whole))
})

test.each([
  ['migrate', async (db: Database) => void (await db.migrate())],
  ['the SQL that is printed', async (db: Database) => runPrinted(db, await db.writeMigrations())],
])("%s makes the tables in the URL's schema, and all statements find them there", async (_name, make) => {
  const url = await newUrl()
  const db = open(`${url}?schema=music`)
  await expect(db.checkMigrated()).rejects.toMatchObject({ code: 'TABLES_OUTDATED' })
  await make(db)
  await db.checkMigrated()
  expect(await tablesOf(open(url)), 'in public').toEqual([])
  await execute(db, INSERT_AS_BEFORE, [randomUUID()])
  expect(await db.query((em) => em.count(Enrichment))).toBe(1)
  expect(await db.run(COUNT_REQUESTS, [])).toEqual([{ count: '1' }])
  expect(await db.migrate(), 'once more').toEqual([])
})

test.each([
  ['a schema of the role', true],
  ['public, though the role has got a schema since', false],
])('without a schema in its URL an upgrade finds the tables in %s', async (_name, isOwn) => {
  const url = await newUrl()
  const role = `upgrader_${randomUUID().slice(0, 8)}`
  const admin = open(url)
  const makeSchema = () => execute(admin, `create schema ${role} authorization ${role}`)
  await execute(admin, `create role ${role} login password 'upgrader'`)
  if (isOwn) await makeSchema()
  await execute(admin, isOwn ? 'revoke all on schema public from public' : `grant create on schema public to ${role}`)
  const db = open(url.replace('postgres:postgres@', `${role}:upgrader@`))
  await db.migrate()
  if (!isOwn) await makeSchema()

  await execute(db, `delete from mikro_orm_migrations where name = 'm0022-ledger-by-topic'`)
  expect(await db.migrate()).toEqual(['m0022-ledger-by-topic'])
  await db.checkMigrated()
  const found = await execute(
    admin,
    `select schemaname as name from pg_tables where tablename = 'mikro_orm_migrations'`,
  )
  expect(found).toEqual([{ name: isOwn ? role : 'public' }])
})

/** As psql would. */
async function runPrinted(db: Database, sql: string): Promise<void> {
  for (const statement of sql.split(/;\n(?=[a-z]|$)/).filter((one) => one !== '')) await execute(db, statement)
}

const COUNT_REQUESTS = { name: 'count requests', text: 'select count(*) from enrichment' }

/** Every table with its columns. */
async function tablesOf(db: Database): Promise<[string, string][]> {
  const rows = await execute(
    db,
    `select table_name as name, string_agg(column_name || ' ' || data_type, ', ' order by column_name) as columns
     from information_schema.columns where table_schema = 'public' group by table_name order by table_name`,
  )
  return rows.map(({ name, columns }) => [String(name), String(columns)])
}
