import { expect, test, vi } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor, runVerb } from '../stack/service-process.ts'

// A command is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

test('a day that is spent holds the lane and says until when, and the lane goes on by itself when the next one begins', async () => {
  const { env, start, publish, results, dead, amazon } = await createScenario({ AMAZON_REQUESTS_PER_DAY: '3' })
  const service = start()
  await publish(...['1', '2', '3', '4', '5'].map((id) => anAlbum(id)))
  await service.waitForLog(isHeldFor('lane', 'AMAZON_DAY_SPENT'))
  await expect.poll(() => service.metrics()).toMatch(/^album_enricher_amazon_day_remaining 0$/m)
  const status = async () => (await runVerb(env, 'status')).output
  const held = /held for AMAZON_DAY_SPENT since .* spent; more come at \d{4}-/.source
  const used = /3 of the day's 3 Amazon requests are used, 0 are left until \d{4}-.*albums that wait are through/.source
  await expect.poll(status).toMatch(new RegExp(`${held}[\\s\\S]*${used}`))
  expect((await runVerb(env, 'pause')).status).toBe(0)
  expect(await status()).toMatch(/0 are left until .*; the albums that wait do not get on: the lane is paused/)
  expect((await runVerb(env, 'resume')).status).toBe(0)
  const ofCatalog = () => amazon.calls.filter(({ operation }) => operation !== 'token').length
  await expect.poll(ofCatalog).toBe(3)

  const db = new Database(env.DATABASE_URL)
  await db.query((em) => em.execute("update quota set day_ends_at = clock_timestamp() - interval '1 second'"))
  await db.close()
  await results.waitFor((records) => records.length === 5, 'all results', 60_000)
  expect(ofCatalog()).toBe(5)
  expect(results.records.map(({ event }) => event.attempts)).toEqual([1, 1, 1, 1, 1])
  expect(await dead.readToEnd()).toEqual([])

  expect(await service.stop()).toBe(0)
  await publish(anAlbum('6'))
  await expect.poll(status).toContain('the albums that wait do not get on: no worker runs')
})
