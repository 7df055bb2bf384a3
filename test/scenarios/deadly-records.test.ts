import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Message } from 'kafkajs'
import { expect, test, vi } from 'vitest'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'
import { deadlyTo } from '../stack/faults/die-of-a-record.ts'
import { hostileRecords } from '../stack/hostile-records.ts'
import { anAlbum, createScenario, encodeAlbum } from '../stack/scenario.ts'
import type { TestEnv } from '../stack/test-env.ts'

// The broker misses each killed process only after its session.
vi.setConfig({ testTimeout: 240_000 })

const FAULT = fileURLToPath(new URL('../stack/faults/die-of-a-record.ts', import.meta.url))
const IMPORTED = new URL('../../schemas/album.imported.avsc', import.meta.url)
/** Deaths until the record is given up. The relay decodes nothing, so it has nothing to do apart. */
const DEATHS: Record<string, number> = { intake: 2, worker: 2, relay: 3 }
const ROLES = Object.keys(DEATHS)

test('a record that kills intake (by its schema), worker or relay when it is touched is a pointer after the second death where it can be decoded apart, else after the third, and those behind it go on', async () => {
  const { env, start, publish, send, results, dead } = await createScenario({
    RETRY_DELAYS: '1s',
    NODE_OPTIONS: `--import ${FAULT}`,
  })
  await publish(
    anAlbum('before'),
    // It comes to the worker as a request, past an intake that does not die of it.
    anAlbum('deadly to worker', { title: deadlyTo('worker') }),
    anAlbum('behind'),
  )
  await send(env.TOPIC_IMPORTED, await withDeadlySchema(env, 'deadly to intake'))
  const { toGood } = await hostileRecords(env, true)
  const deadly = { key: 'deadly to relay', value: deadlyTo('relay') }
  await send(`${env.TOPIC_ENRICHMENT}.retry.1s`, await toGood('retried'), deadly, await toGood('behind in its tier'))

  const deaths = await Promise.all(
    ROLES.map(async (role) => {
      const isGivenUp = () => dead.records.some(({ key }) => key === `deadly to ${role}`)
      const over = dead.waitFor(isGivenUp, `the pointer of ${role}`, 120_000).then(() => 'over')
      let service = start(role)
      for (let count = 0; ; count += 1) {
        if ((await Promise.race([over, service.exited()])) === 'over') return { role, count, service }
        service = start(role)
      }
    }),
  )
  await results.waitFor((records) => records.length >= 4, 'the others', 60_000)
  for (const { role, count, service } of deaths) {
    expect(await service.stop(), service.tail()).toBe(0)
    expect(count, role).toBe(DEATHS[role])
  }
  const pointers = (await dead.readToEnd()).toSorted((a, b) => String(a.key).localeCompare(String(b.key)))
  expect(pointers).toMatchObject(
    ROLES.toSorted().map((role) => ({
      key: `deadly to ${role}`,
      value: null,
      headers: {
        'enricher-error-code': 'CRASHED_DECODER',
        'enricher-stage': role,
        'enricher-value-bytes': expect.stringMatching(/^\d+$/),
        'enricher-value-sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    })),
  )
  const done = (await results.readToEnd()).map(({ key }) => key)
  expect(done.toSorted()).toEqual(['before', 'behind', 'behind in its tier', 'retried'])
})

/** An album of which only the schema is deadly to intake, while it is read; its bytes are as any other's. */
async function withDeadlySchema(env: TestEnv, albumId: string): Promise<Message> {
  const { key, value } = await encodeAlbum(env, anAlbum(albumId))
  const schema = JSON.parse(readFileSync(IMPORTED, 'utf8'))
  const text = JSON.stringify({ ...schema, doc: deadlyTo('intake') })
  const id = await new SchemaRegistry(env.SCHEMA_REGISTRY_URL).register(`${env.TOPIC_IMPORTED}-deadly-value`, text)
  const bytes = Buffer.from(value as Buffer)
  bytes.writeUInt32BE(Number(id), 1)
  return { key: key ?? null, value: bytes }
}
