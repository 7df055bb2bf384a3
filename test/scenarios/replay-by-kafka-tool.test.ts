import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { resetOffsets } from '../stack/kafka-tool.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'

test("after a reset of intake's offsets with Kafka's own tool every album comes out again, once, and nothing is doubled", async () => {
  const { env, start, publish, results, images } = await createScenario({ ARTWORK: 'download' })
  const ids = ['1', '2', '3', '4', '5']
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  const countRows = () =>
    db.query((em) =>
      em.execute(`select (select count(*)::int from external_link) as links, (select count(*)::int from candidate) as candidates,
        (select count(*)::int from artwork) as artwork, (select count(*)::int from album) as albums`),
    )

  await publish(...ids.map((id) => anAlbum(id)))
  const first = start()
  await results.waitFor((records) => records.length >= ids.length, 'the results')
  expect(await first.stop()).toBe(0)
  const rows = await countRows()
  const downloads = images.totalCalls()
  expect(rows).toMatchObject([{ albums: ids.length, artwork: ids.length }])

  await resetOffsets(env.KAFKA_BROKERS, `${env.KAFKA_GROUP_PREFIX}.intake`, env.TOPIC_IMPORTED, '--to-earliest')
  const second = start()
  await results.waitFor((records) => records.length >= 2 * ids.length, 'the results again')
  expect(await second.stop()).toBe(0)

  const events = (await results.readToEnd()).map(({ event }) => event)
  expect(events.map(({ albumId }) => albumId).toSorted()).toEqual([...ids, ...ids].toSorted())
  expect(new Set(events.map(({ requestId }) => requestId)).size).toBe(2 * ids.length)
  expect(await countRows()).toEqual(rows)
  expect(images.totalCalls()).toBe(downloads)
})
