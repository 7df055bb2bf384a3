import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { DATABASE_REFUSALS, type DatabaseRefusal } from '../stack/database-refusals.ts'
import { createDatabaseRole } from '../stack/database-role.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'

/** How long each refusal lasts. */
const REFUSED_MS = Number(process.env.OUTAGE_SECONDS ?? 3) * 1_000
/** How soon after its end there must be results; PATIENCE is more than 1 where the machine is busy with other things. */
const BACK_MS = 10_000 * Number(process.env.PATIENCE ?? 1)

const REFUSALS: DatabaseRefusal[] = [
  ...Object.values(DATABASE_REFUSALS),
  // Said by a trigger: for a disk that is really full see `npm run chaos -- --faults databaseDiskFull:1`, which wants root.
  {
    cause: 'DATABASE_FULL',
    begin: (role) =>
      role.administer(
        `create or replace function full_disk() returns trigger language plpgsql as $$ begin
           raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`,
        'create trigger full_disk before insert or update on enrichment execute function full_disk()',
      ),
    end: (role) => role.administer('drop trigger full_disk on enrichment'),
  },
]

test('while PostgreSQL refuses, the lane is held with the cause, and no album is given up for it', {
  timeout: 300_000 + 4 * REFUSED_MS,
}, async () => {
  const { env, start, publish, results, dead } = await createScenario({ LOG_LEVEL: 'info' })
  const role = await createDatabaseRole(env.DATABASE_URL)
  onTestFinished(() => role.close())
  env.DATABASE_URL = role.url
  const service = start()
  let published = 0
  const feed = async () => publish(...Array.from({ length: 3 }, () => anAlbum(`album-${published++}`)))
  await feed()
  await results.waitFor((records) => records.length === published, 'the first results', 120_000)

  for (const { cause, begin, end } of REFUSALS) {
    await begin(role)
    await feed()
    const isHeld = (line: { msg: string; causes?: unknown }) =>
      line.msg === 'lane held' && String(line.causes) === cause
    const held = await service.waitForLog(isHeld, 60_000)
    expect(JSON.stringify(held.holds)).toMatch(/"remedy":"[^"]{20}/)
    expect((await service.get('/ready')).text).toContain(cause)
    const { output } = await runVerb(env, 'status')
    // A hold cannot be stored where nobody may write.
    if (cause === 'DATABASE_READ_ONLY')
      expect(output).toMatch(/to be mended: PostgreSQL only lets read[\s\S]*neither paused nor held/)
    await delay(REFUSED_MS)
    await end(role)
    const from = performance.now()
    await results.waitFor((records) => records.length === published, `all results after ${cause}`, BACK_MS)
    console.info(`${cause}: all results ${Math.round(performance.now() - from)} ms after its end`)
  }
  expect(await service.stop(), service.tail()).toBe(0)
  expect(await dead.readToEnd()).toEqual([])
})
