import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { ArtworkRow } from '../../src/db/entities/artwork.entity.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'

const filesIn = (folder: string) =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
const images = (folder: string) => filesIn(folder).filter((entry) => entry.isFile() && entry.name.endsWith('.jpg'))

test('the artwork is stored once, in four sizes, and metric, event, table and files agree', async () => {
  const { env, start, publish, results } = await createScenario({ ARTWORK: 'download' })
  await publish(anAlbum('1'), anAlbum('2', { hasPrimaryImage: true }))
  const service = start()
  await results.waitFor((records) => records.length === 2, 'the results')
  const text = await service.metrics()
  expect(text).toContain('album_enricher_artwork_total{status="stored"} 1')
  expect(text).toContain('album_enricher_artwork_total{status="kept"} 1')
  expect(await service.stop()).toBe(0)

  const artwork = new Map(results.records.map(({ key, event }) => [key, event.artwork]))
  expect(artwork.get('2')).toMatchObject({ status: 'kept', key: null })
  const { status, key, asin } = artwork.get('1')
  expect([status, asin]).toEqual(['stored', expect.stringMatching(/^B/)])
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  const rows = await db.query((em) => em.find(ArtworkRow, {}, { orderBy: { albumId: 'asc' } }))
  expect(rows).toMatchObject([
    { albumId: '1', status: 'stored', asin, key, errorCode: null },
    { albumId: '2', status: 'kept', asin: null, key: null, errorCode: null },
  ])
  expect(statSync(join(env.ARTWORK_STORE ?? '', key)).size).toBe(rows[0]?.bytes)
  expect(
    images(env.ARTWORK_STORE ?? '')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['100.jpg', '150.jpg', '250.jpg', 'original.jpg'])
})

test('ARTWORK=link stores no byte and asks no image host', async () => {
  const { env, start, publish, results, images: host } = await createScenario({ ARTWORK: 'link' })
  await publish(anAlbum('1'))
  const service = start()
  await results.waitFor((records) => records.length === 1, 'the result')
  expect(await service.stop()).toBe(0)
  expect(results.records[0]?.event.artwork).toMatchObject({
    status: 'linked',
    url: expect.stringContaining('/images/'),
  })
  expect(host.totalCalls()).toBe(0)
  expect(images(env.ARTWORK_STORE ?? '')).toEqual([])
})

test.each([
  [503, 'pending', 'ARTWORK_UNAVAILABLE'],
  [404, 'failed', 'ARTWORK_NOT_FOUND'],
])(
  'an image host that answers %i leaves the artwork %s, and the album is enriched',
  async (status, outcome, errorCode) => {
    const { start, publish, results, images: host } = await createScenario({ ARTWORK: 'download' })
    host.behave({ kind: 'status', status })
    await publish(anAlbum('1'))
    const service = start()
    await results.waitFor((records) => records.length === 1, 'the result')
    expect(await service.stop()).toBe(0)
    expect(results.records[0]?.event).toMatchObject({ outcome: 'matched', artwork: { status: outcome, errorCode } })
  },
)

test('artwork that cannot be had now is a request of its own, which asks Amazon nothing and comes back until it is stored', async () => {
  const settings = { ARTWORK: 'download', RETRY_DELAYS: '1s,2s' }
  const { env, start, publish, results, images: host, amazon, dead } = await createScenario(settings)
  host.behave({ kind: 'status', status: 503 })
  await publish(anAlbum('1'))
  const service = start()
  await results.waitFor((records) => records.length === 1, 'the result without artwork')
  const asked = amazon.calls.length
  await service.waitForLog((line) => line.msg === 'album will be retried' && line.code === 'ARTWORK_UNAVAILABLE')
  host.reset()
  await results.waitFor((records) => records.length === 2, 'the result with it')
  expect(await service.stop()).toBe(0)
  const [first, second, ...more] = (await results.readToEnd()).map(({ event }) => event)
  expect(more).toEqual([])
  expect(first).toMatchObject({ reason: 'imported', artwork: { status: 'pending' } })
  expect(second).toMatchObject({ reason: 'artwork', outcome: 'matched', artwork: { status: 'stored' } })
  expect(second.links.map(({ asin }: { asin: string }) => asin)).toEqual(
    first.links.map(({ asin }: { asin: string }) => asin),
  )
  expect(amazon.calls.length).toBe(asked)
  expect(images(env.ARTWORK_STORE ?? '').length).toBe(4)
  expect(await dead.readToEnd()).toEqual([])
})

test('artwork that could not be had until the deadline is told as failed, of every album, and holds nothing', async () => {
  const settings = { ARTWORK: 'download', RETRY_DELAYS: '1s', RETRY_DEADLINE_HOURS: '1', FLOOD_DEAD_LETTERS: '2' }
  const { env, start, publish, results, images: host, dead } = await createScenario(settings)
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  host.behave({ kind: 'status', status: 503 })
  const ids = ['1', '2', '3', '4']
  await publish(...ids.map((id) => anAlbum(id)))
  const service = start()
  await results.waitFor((records) => records.length === ids.length, 'the results without artwork')
  /** Between two rounds: in a round it would be written over. */
  const age = () =>
    db.query((em) =>
      em.execute(
        `update enrichment set failures = jsonb_set(failures, '{0,at}', to_jsonb(?::text))
         where reason = 'artwork' and decision = 'retry'`,
        [new Date(Date.now() - 7_200_000).toISOString()],
      ),
    )
  const areDone = async () => {
    await age()
    return results.records.length
  }
  await expect.poll(areDone, { timeout: 60_000 }).toBe(2 * ids.length)
  expect(await service.stop()).toBe(0)
  for (const { event } of (await results.readToEnd()).slice(ids.length))
    expect(event).toMatchObject({
      ...{ reason: 'artwork', outcome: 'matched' },
      artwork: { status: 'failed', errorCode: 'ARTWORK_UNAVAILABLE' },
    })
  expect(await dead.readToEnd()).toEqual([])
  expect(service.logs.filter(({ msg }) => msg === 'lane held')).toEqual([])
})

test.each(['image host', 'store'])(
  'a %s that is away holds nothing up: all albums are enriched, artwork pending',
  async (away) => {
    const folder = mkdtempSync(join(tmpdir(), 'album-enricher-no-store-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    // No folder can be made below a file.
    writeFileSync(join(folder, 'file'), '')
    const {
      start,
      publish,
      results,
      images: host,
    } = await createScenario({
      ARTWORK: 'download',
      ...(away === 'store' && { ARTWORK_STORE: join(folder, 'file', 'artwork') }),
    })
    if (away === 'image host') host.behave({ kind: 'status', status: 503 })
    const ids = ['1', '2', '3', '4', '5', '6']
    await publish(...ids.map((id) => anAlbum(id)))
    const service = start()
    await results.waitFor((records) => records.length === ids.length, 'the results')
    expect(await service.stop()).toBe(0)
    const errorCode = away === 'store' ? 'STORE_UNAVAILABLE' : 'ARTWORK_UNAVAILABLE'
    for (const { event } of await results.readToEnd())
      expect(event).toMatchObject({ outcome: 'matched', artwork: { status: 'pending', errorCode } })
    expect(service.logs.filter(({ msg }) => msg === 'lane held')).toEqual([])
  },
)
