import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { AlbumRow } from '../../src/db/entities/album.entity.ts'
import { createDatabaseRole } from '../stack/database-role.ts'
import { startPgBouncer } from '../stack/pgbouncer.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'
import { createTestEnv } from '../stack/test-env.ts'

const IGNORED = 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout,options'

test('behind PgBouncer in transaction mode albums come out enriched, and whoever looks is told', async () => {
  let stop = async () => {}
  const { env, start, publish, results, dead } = await createScenario({}, async (settings) => {
    const pooler = await startPgBouncer(settings.DATABASE_URL, { ignore_startup_parameters: IGNORED })
    stop = pooler.stop
    settings.DATABASE_URL = pooler.url
  })
  try {
    const service = start()
    await service.waitForLog('PostgreSQL is behind a pooler: its role must set the time-outs')
    const albums = Array.from({ length: 12 }, (_, index) => anAlbum(String(index)))
    await publish(...albums)
    await results.waitFor((records) => records.length === albums.length, 'all results')
    expect(service.logs.filter(({ level }) => level === 'error')).toEqual([])
    expect(await service.stop()).toBe(0)
    expect((await results.readToEnd()).map(({ key }) => Number(key)).sort((a, b) => a - b)).toEqual(
      albums.map((_, index) => index),
    )
    expect(await dead.readToEnd()).toEqual([])
    const shown = await runVerb(env, 'show', '3')
    expect([shown.status, shown.output]).toEqual([0, expect.stringContaining('Nevermind')])
  } finally {
    await stop()
  }
})

/** What the start-up parameters set, where they arrive. */
const OURS = `select name, setting from pg_settings where name in ('statement_timeout', 'lock_timeout', 'plan_cache_mode',
  'idle_in_transaction_session_timeout', 'DateStyle', 'default_transaction_isolation') order by name`

test('what README gives the role behind PgBouncer is what it has without, whatever the database is set to', async () => {
  const url = (await createTestEnv()).DATABASE_URL
  const admin = new Database(url)
  await admin.migrate()
  const role = await createDatabaseRole(url)
  const name = decodeURIComponent(new URL(url).pathname.slice(1))
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const lines = readme.match(/ALTER ROLE service SET [^;]+/g) ?? []
  await role.administer(
    ...[
      `alter database "${name}" set datestyle = 'SQL, DMY'`,
      `alter database "${name}" set timezone = 'Europe/Berlin'`,
      `alter database "${name}" set default_transaction_isolation = 'repeatable read'`,
    ],
    ...lines.map((line) => line.replace('service', '$role')),
    `insert into album values ('a', '{}', '2026-07-01T12:00:00Z')`,
  )
  const pooler = await startPgBouncer(role.url, { ignore_startup_parameters: IGNORED })
  // As the administrator it has none of README's lines.
  const databases = { direct: new Database(url), pooled: new Database(pooler.url) }
  onTestFinished(async () => {
    await Promise.all([admin, ...Object.values(databases), role].map((each) => each.close()))
    await pooler.stop()
  })
  const found = Object.values(databases).map(async (db) => ({
    settings: await db.run({ name: 'ours', text: OURS }, []),
    importedAt: (await db.query((em) => em.findOneOrFail(AlbumRow, { albumId: 'a' }))).importedAt.toJSON(),
  }))
  const [direct, pooled] = await Promise.all(found)
  expect([await databases.direct.isDirect(), await databases.pooled.isDirect()]).toEqual([true, false])
  expect(direct?.importedAt).toBe('2026-07-01T12:00:00.000Z')
  expect(direct?.settings).toHaveLength(6)
  expect(pooled).toEqual(direct)
})

test('a PgBouncer that refuses our start-up parameters is named, with what to do', async () => {
  let url = ''
  let stop = async () => {}
  const { env } = await createScenario({}, async ({ DATABASE_URL }) => {
    const pooler = await startPgBouncer(DATABASE_URL, {})
    url = pooler.url
    stop = pooler.stop
  })
  const { status, output } = await runVerb({ ...env, DATABASE_URL: url }, 'show', '3')
  await stop()
  expect(status).not.toBe(0)
  expect(output).toMatch(/unsupported startup parameter.*ignore_startup_parameters of PgBouncer/)
})

test('a schema that does not get past PgBouncer is an error, not the tables of another schema', async () => {
  let stop = async () => {}
  let url = ''
  const { env } = await createScenario({}, async ({ DATABASE_URL }) => {
    const pooler = await startPgBouncer(DATABASE_URL, { ignore_startup_parameters: IGNORED })
    url = `${pooler.url}?schema=music`
    stop = pooler.stop
  })
  const { status, output } = await runVerb({ ...env, DATABASE_URL: url }, 'setup')
  await stop()
  expect([status, output]).toEqual([2, expect.stringMatching(/DATABASE_URL: its schema does not get past the pooler/)])
})
