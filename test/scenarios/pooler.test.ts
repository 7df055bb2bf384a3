import { expect, test } from 'vitest'
import { startPgBouncer } from '../stack/pgbouncer.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'

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
