import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { Database } from '../../src/db/database.ts'
import { forgetAlbums } from '../../src/db/forget.ts'
import { timeRequest } from '../../src/db/forgotten.ts'
import { openCodecs, topicNames } from '../../src/kafka/event-topics.ts'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'
import { withServers } from '../../src/ops/commands/with-servers.ts'
import { aRequest } from '../stack/a-ledger.ts'
import { anAlbum, createScenario, encodeAlbum } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'
import { TopicReader } from '../stack/topic-reader.ts'

test('a dead letter of intake that says when nobody has been yet was imported when and where its record came', async () => {
  const { env, send } = await createScenario()
  const config = loadConfig(['kafka', 'registry'], env)
  const topics = topicNames(config)
  const recordAt = '2026-11-30T12:00:00.000Z'
  const headers = {
    'enricher-stage': 'intake',
    'enricher-error-code': 'INTERNAL',
    'enricher-first-failed-at': '2026-11-30T12:00:05.000Z',
    'enricher-original-topic': topics.imported,
    'enricher-original-partition': '3',
    'enricher-original-offset': '7',
    'enricher-original-timestamp': recordAt,
  }
  const imported = { ...anAlbum('1'), importedAt: Date.parse('9999-01-01T00:00:00Z') }
  // The second one is somebody else's, and says no times.
  const { 'enricher-stage': stage, 'enricher-error-code': code } = headers
  const untold = { 'enricher-stage': stage, 'enricher-error-code': code }
  const record = await encodeAlbum(env, imported)
  await send(topics.dead, { ...record, headers }, { ...record, headers: untold })
  expect((await runVerb(env, 'dead', 'retry', '--all')).status).toBe(0)
  const requests = await TopicReader.open(env, topics.express)
  onTestFinished(() => requests.close())
  const { requested } = await openCodecs(config, new SchemaRegistry(env.SCHEMA_REGISTRY_URL))
  const decoded = (await requests.readToEnd()).map(({ value }) => requested.decode(value ?? Buffer.alloc(0)))
  const made = await Promise.all(decoded)
  const [told = 0, other = 0] = made.map(({ album }) => album.importedAt)
  expect(new Date(told).toISOString()).toBe(recordAt)
  expect(Math.abs(Date.now() - other)).toBeLessThan(60_000)
  expect(made.map(({ source }) => source)).toEqual([{ topic: topics.imported, partition: 3, offset: 7 }, null])
})

test('a dead letter from before its album was forgotten is not retried, one from behind is', async () => {
  const { env, send } = await createScenario()
  const config = loadConfig(['kafka', 'registry', 'database'], env)
  const topics = topicNames(config)
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())

  const headersOf = (stage: string, at: number) => ({
    'enricher-stage': stage,
    'enricher-error-code': 'INTERNAL',
    'enricher-first-failed-at': new Date(at).toISOString(),
  })
  await withServers(config, async ({ registry }) => {
    const codecs = await openCodecs(config, registry)
    const sendLetters = async (forgottenIs: 'to come' | 'over') => {
      const at = await timeRequest(db)
      const request = { ...aRequest({ albumId: 'asked' }), requestId: randomUUID(), requestedAt: at }
      await send(
        topics.dead,
        // A request fails long after it was made, and may have been forgotten by then.
        { key: 'asked', value: await codecs.requested.encode(request), headers: headersOf('search', at + 3_600_000) },
        { ...(await encodeAlbum(env, anAlbum('imported'))), headers: headersOf('intake', at) },
        ...(forgottenIs === 'to come'
          ? [{ ...(await encodeAlbum(env, anAlbum('other'))), headers: headersOf('intake', at) }]
          : []),
      )
    }
    await sendLetters('to come')
    await forgetAlbums(db, [{ albumId: 'asked' }, { albumId: 'imported' }])
    await sendLetters('over')
  })

  const told = JSON.parse((await runVerb(env, 'dead', 'retry', '--all', '--json')).output)
  const refused = (albumId: string) =>
    `RECORD_INVALID: it is from before its album was forgotten: nothing is known of album ${albumId}: ` +
    'let the importer publish it, or `album-enricher publish` it'
  expect(told.letters.map(({ id, refused }: { id: string; refused: string | null }) => [id, refused])).toEqual([
    ['0:0', refused('asked')],
    ['0:1', refused('imported')],
    ['0:2', null],
    ['0:3', null],
    ['0:4', null],
  ])
  const requests = await TopicReader.open(env, topics.express)
  onTestFinished(() => requests.close())
  expect((await requests.readToEnd()).map(({ key }) => key)).toEqual(['other', 'asked', 'imported'])
})
