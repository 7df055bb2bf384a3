import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { openCodecs } from '../../src/kafka/event-topics.ts'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'
import { sampleAlbum } from '../data/samples.ts'
import { createScenario } from '../stack/scenario.ts'

test('requests for one album never overlap, under whatever keys they come, and other albums overtake them', async () => {
  const { env, start, send, results, model } = await createScenario({ MODEL_USE: 'always' })
  const isOvertaken = Promise.withResolvers<void>()
  model.behave({ until: isOvertaken.promise })
  const { requested } = await openCodecs(loadConfig(['kafka'], env), new SchemaRegistry(env.SCHEMA_REGISTRY_URL))
  const toMessage = async (key: string, albumId: string, requestId: string) => ({
    key,
    value: await requested.encode({
      requestId,
      reason: 'replay',
      stages: ['search', 'match', 'links', 'artwork'],
      album: sampleAlbum('Nevermind', ['Nirvana'], { albumId }),
      requestedAt: Date.now(),
      source: null,
    }),
  })
  const [first, second, other] = [randomUUID(), randomUUID(), randomUUID()]
  await send(
    `${env.TOPIC_ENRICHMENT}.express`,
    await toMessage('same', 'same', first),
    await toMessage('of somebody else', 'same', second),
    await toMessage('other', 'other', other),
  )
  const service = start('worker')
  const started = () =>
    service.logs.filter(({ msg }) => msg === 'album enrichment started').map(({ requestId }) => requestId)
  // Albums are taken up in order, so by then the second one's turn has been, and the first one's model still thinks.
  await service.waitForLog(({ msg, requestId }) => msg === 'album enrichment started' && requestId === other)
  expect(started()).toEqual([first, other])
  isOvertaken.resolve()
  await results.waitFor((records) => records.length === 3, 'all results')
  expect(await service.stop()).toBe(0)
  expect(started()).toEqual([first, other, second])
  expect(results.records.filter(({ key }) => key === 'same').map(({ event }) => event.requestId)).toEqual([
    first,
    second,
  ])
})
