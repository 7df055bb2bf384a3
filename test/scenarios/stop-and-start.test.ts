import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'

test('after SIGTERM in the middle and a new start every album has its result, none twice', async () => {
  const { start, publish, results, dead } = await createScenario()
  const ids = Array.from({ length: 150 }, (_, index) => String(index))
  await publish(...ids.map((id) => anAlbum(id)))
  const first = start()
  await results.waitFor((records) => records.length >= 5, 'some results')
  expect(await first.stop()).toBe(0)
  const before = (await results.readToEnd()).length
  expect(before).toBeLessThan(ids.length)

  const second = start()
  await results.waitFor((records) => records.length >= ids.length, 'all results')
  expect(await second.stop()).toBe(0)
  const keys = (await results.readToEnd()).map(({ key }) => key)
  expect(keys.toSorted()).toEqual(ids.toSorted())
  expect(await dead.readToEnd()).toEqual([])
})

test('after SIGKILL in the middle and a new start every album has its result, none twice, and no stored answer is bought again', async () => {
  const { env, start, publish, results, amazon } = await createScenario()
  const ids = Array.from({ length: 20 }, (_, index) => String(index))
  await publish(...ids.map((id) => anAlbum(id, { title: `Nevermind ${id}` })))
  const first = start()
  await results.waitFor((records) => records.length >= 5, 'some results')
  first.signal('SIGKILL')
  await first.exited()
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  const rows: { id: string; answers: number | null }[] = await db.query((em) =>
    em.execute(
      `select album_id as id, case when decided_at is null then
         (select count(*)::int from jsonb_object_keys(answers) name where name like 'search.%') end as answers from enrichment`,
    ),
  )
  const stored = new Map(rows.map(({ id, answers }) => [id, answers ?? Number.POSITIVE_INFINITY]))

  const second = start()
  await results.waitFor((records) => records.length >= ids.length, 'all results')
  expect(await second.stop()).toBe(0)
  const keys = (await results.readToEnd()).map(({ key }) => key)
  expect(keys.toSorted()).toEqual(ids.toSorted())
  // What was in the air at the kill was asked and not yet stored.
  const albumOf = (query: string) => /Nevermind (\d+)/.exec(query)?.[1] ?? ''
  const asked = Map.groupBy(amazon.callsByQuery, ([query]) => albumOf(query))
  const boughtAgain = [...asked].flatMap(([id, queries]) =>
    queries.slice(0, stored.get(id) ?? 0).filter(([, count]) => count > 1),
  )
  expect(boughtAgain).toEqual([])
})
