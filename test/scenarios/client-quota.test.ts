import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { limitProducers } from '../stack/ask-broker.ts'
import { anAlbum, createScenario, encodeAlbums } from '../stack/scenario.ts'
import { TopicReader } from '../stack/topic-reader.ts'

const ALBUMS = 1_000
/** Of such a backlog in one transaction the broker makes the client wait for half a minute, and gives it up after 10 to 20 s. */
const BYTES_PER_SECOND = 4_000

test('a backlog comes through a quota of the cluster that lets no large transaction end in time', {
  timeout: 300_000,
}, async () => {
  const { env, start, send } = await createScenario()
  await limitProducers(Number(env.KAFKA_BROKERS.split(':').at(-1)), env.KAFKA_GROUP_PREFIX, BYTES_PER_SECOND)
  const albums = await encodeAlbums(
    env,
    Array.from({ length: ALBUMS }, (_, index) => anAlbum(String(index))),
  )
  // What does not compress.
  await send(
    env.TOPIC_IMPORTED,
    ...albums.map((album) => ({ ...album, partition: 0, headers: { trace: randomBytes(250) } })),
  )
  const intake = start('intake')
  const requests = await TopicReader.open(env, env.TOPIC_ENRICHMENT)
  await requests.waitFor((records) => records.length >= ALBUMS / 10, 'requests', 240_000)
  expect(await intake.stop()).toBe(0)
  const keys = (await requests.readToEnd()).map(({ key }) => key)
  await requests.close()
  expect(keys).toEqual(keys.map((_, index) => String(index)))
})
