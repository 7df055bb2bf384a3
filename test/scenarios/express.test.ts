import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import type { EnrichmentRequested } from '../../src/events.ts'
import { openCodecs, topicNames } from '../../src/kafka/event-topics.ts'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'
import { createScenario } from '../stack/scenario.ts'

const BACKLOG = 10_000

function aRequest(albumId: string, reason: EnrichmentRequested['reason']): EnrichmentRequested {
  return {
    requestId: randomUUID(),
    reason,
    stages: ['search', 'match', 'links', 'artwork'],
    album: {
      albumId,
      title: `Unheard ${albumId}`,
      artists: [{ name: 'Nobody', musicbrainzArtistId: null }],
      releaseYear: null,
      barcodes: [],
      asins: {},
      musicbrainzReleaseGroupId: null,
      hasPrimaryImage: false,
      importedAt: Date.now(),
      source: 'test',
    },
    requestedAt: Date.now(),
    source: null,
  }
}

test('an express request is done within seconds before ten thousand waiting albums, which go on in their order, and none is asked for early', async () => {
  const { env, start, send, results, amazon } = await createScenario({ AMAZON_REQUESTS_PER_SECOND: '5' })
  const config = loadConfig(['kafka'], env)
  const { requested } = await openCodecs(config, new SchemaRegistry(env.SCHEMA_REGISTRY_URL))
  const topics = topicNames(config)
  const toMessage = async (request: EnrichmentRequested) => ({
    key: request.album.albumId,
    value: await requested.encode(request),
  })
  const ids = Array.from({ length: BACKLOG }, (_, index) => `waiting${index}`)
  const backlog: Awaited<ReturnType<typeof toMessage>>[] = []
  for (const id of ids) backlog.push(await toMessage(aRequest(id, 'imported')))
  await send(topics.enrichment, ...backlog)
  start('worker')
  await results.waitFor((records) => records.length >= 10, 'the first of the backlog')

  const askedAt = Date.now()
  await send(topics.express, await toMessage(aRequest('urgent', 'replay')))
  await results.waitFor((records) => records.some(({ key }) => key === 'urgent'), 'the express request')
  expect(Date.now() - askedAt).toBeLessThan(5_000)
  const seen = results.records.length
  await results.waitFor((records) => records.length >= seen + 10, 'more of the backlog')

  const firstAsked = [...new Set(amazon.calls.map(({ query }) => /title=Unheard (\w+)/.exec(query)?.[1]))]
  const asked = firstAsked.filter((id) => id !== undefined && id !== 'urgent')
  expect(asked).toEqual(ids.slice(0, asked.length))
  const doneIds = new Set(results.records.map(({ key }) => key).filter((key) => key !== 'urgent'))
  const doneInOrder = ids.slice(0, doneIds.size)
  expect(doneIds).toEqual(new Set(doneInOrder))
  expect(results.records.length).toBe(doneIds.size + 1)
  expect(amazon.early).toBe(0)
})
