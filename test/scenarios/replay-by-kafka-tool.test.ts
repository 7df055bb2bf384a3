import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { resetOffsets, resetOffsetsOnceLeft } from '../stack/kafka-tool.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'
import { type ReadRecord, TopicReader } from '../stack/topic-reader.ts'

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

test.each([
  ['to the beginning', () => ['--to-earliest']],
  ['to a time between two imports', (between: Date) => ['--to-datetime', between.toISOString().slice(0, -1)]],
  ['back by one in each partition', () => ['--shift-by', '-1']],
])(
  "intake's offsets are moved %s, right after a kill and with a retry copy waiting: what stands behind them comes out again, once, and nothing else",
  async (name, to) => {
    const scenario = await createScenario({ RETRY_DELAYS: '12s' })
    const { env, start, publish, results, dead, amazon } = scenario
    amazon.behave({ ...trouble.internal(), when: (query) => query.includes('Kind of Blue') })
    const ids = Array.from({ length: 12 }, (_, index) => String(index))
    const late = anAlbum('late', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] })
    const first = start()
    await publish(...ids.slice(0, 8).map((id) => anAlbum(id)), late)
    await results.waitFor((records) => records.length >= 8, 'the first results')
    await expect
      .poll(() => first.metrics())
      .toContain('album_enricher_retries_total{tier="12s",code="AMAZON_UNAVAILABLE"} 1')
    const between = new Date()
    await publish(...ids.slice(8).map((id) => anAlbum(id)))
    await results.waitFor((records) => records.length >= ids.length, 'all results but one')
    first.signal('SIGKILL')
    await first.exited()
    amazon.reset()
    const imported = await TopicReader.open(env, env.TOPIC_IMPORTED)
    onTestFinished(() => imported.close())

    const group = `${env.KAFKA_GROUP_PREFIX}.intake`
    const moved = await resetOffsetsOnceLeft(env.KAFKA_BROKERS, group, env.TOPIC_IMPORTED, ...to(between))
    const isDue = ({ partition, offset }: ReadRecord) => BigInt(offset) >= (moved.get(partition) ?? 0n)
    const again = (await imported.readToEnd()).filter(isDue).map(({ key }) => key ?? '')
    expect(again.length).toBeGreaterThan(0)
    expect(again.length < ids.length).toBe(name !== 'to the beginning')
    const second = start()
    const due = ids.length + 1 + again.length
    await results.waitFor((records) => records.length >= due, 'what waited, and the results again', 90_000)
    expect(await second.stop()).toBe(0)
    const keys = (await results.readToEnd()).map(({ key }) => key ?? '')
    expect(keys.toSorted()).toEqual([...ids, 'late', ...again].toSorted())
    expect(await dead.readToEnd()).toEqual([])
  },
)
