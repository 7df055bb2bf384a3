import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { DEADLY_TITLE } from '../stack/faults/die-of-an-album.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { TopicReader } from '../stack/topic-reader.ts'

// The broker misses each killed process only after its session.
vi.setConfig({ testTimeout: 240_000 })

const FAULT = fileURLToPath(new URL('../stack/faults/die-of-an-album.ts', import.meta.url))

test('an album that kills the process is given up after it has done so alone, and those beside it have their results', async () => {
  const { start, publish, results, dead } = await createScenario({ NODE_OPTIONS: `--import ${FAULT}` })
  const ids = ['1', '2', '3']
  await publish(anAlbum('deadly', { title: DEADLY_TITLE }), ...ids.map((id) => anAlbum(id)))
  const isOver = dead.waitFor((records) => records.length > 0, 'the dead letter', 150_000).then(() => 'over')
  let service = start()
  let deaths = 0
  while ((await Promise.race([isOver, service.exited()])) !== 'over') {
    deaths += 1
    service = start()
  }
  await results.waitFor((records) => records.length >= ids.length, 'the others')
  expect(await service.stop()).toBe(0)
  expect(deaths).toBe(4)
  const [letter, ...more] = await dead.readToEnd()
  expect([letter?.key, letter?.headers['enricher-error-code'], more]).toEqual(['deadly', 'CRASHED_WORKER', []])
  expect((await results.readToEnd()).map(({ key }) => key).toSorted()).toEqual(ids)
})

test('the quick tries of a process that died count: its successor does not begin them anew', async () => {
  const { env, start, publish, model } = await createScenario({ MODEL_USE: 'always', RETRY_DELAYS: '1h' })
  const waiting = await TopicReader.open(env, `${env.TOPIC_ENRICHMENT}.retry.1h`)
  onTestFinished(() => waiting.close())
  model.behave({ status: 500, body: {} })
  await publish(anAlbum('1'))
  const first = start()
  await first.waitForLog(({ msg, attempt }) => msg === 'album will be retried' && attempt === 2)
  first.signal('SIGKILL')
  await first.exited()
  // Behind the second failure there is a second of pause; on a busy machine it may have begun the next try, and even ended it.
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  const rows = await db.query((em) => em.execute('select jsonb_array_length(failures) as failed from enrichment'))
  const [{ failed }] = rows as [{ failed: number }]
  expect(failed).toBeGreaterThanOrEqual(2)
  const asked = model.calls.length
  const second = start()
  await waiting.waitFor((records) => records.length > 0, 'the retry copy')
  expect(await second.stop()).toBe(0)
  expect(model.calls.length - asked).toBe(4 - failed)
})
