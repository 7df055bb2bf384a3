import { expect, onTestFinished, test, vi } from 'vitest'
import { resetOffsetsOnceLeft } from '../stack/kafka-tool.ts'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import { runVerb, type ServiceProcess } from '../stack/service-process.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'
import { TopicReader } from '../stack/topic-reader.ts'

// Kafka's tool is a Java process of its own, and a killed member is missed only after its session.
vi.setConfig({ testTimeout: 180_000 })

const IDS = ['1', '2', '3', '4', '5', '6']

/** Moves the lane's offset of a topic; answers where it stands now. */
async function resetWorker({ env }: Scenario, topic: string, ...to: string[]): Promise<bigint> {
  const moved = await resetOffsetsOnceLeft(env.KAFKA_BROKERS, `${env.KAFKA_GROUP_PREFIX}.worker`, topic, ...to)
  return moved.get(0) ?? -1n
}

/** Every album's results, by its runs. */
async function runsOf({ results }: Scenario): Promise<Record<string, number[]>> {
  const events = (await results.readToEnd()).map(({ event }) => event)
  const byAlbum = Object.groupBy(events, ({ albumId }) => albumId)
  return Object.fromEntries(Object.entries(byAlbum).map(([id, all = []]) => [id, all.map(({ run }) => run).toSorted()]))
}

const all = (runs: number[]) => Object.fromEntries(IDS.map((id) => [id, runs]))

async function enrichAll(scenario: Scenario): Promise<ServiceProcess> {
  await scenario.publish(...IDS.map((id) => anAlbum(id)))
  const service = scenario.start()
  await scenario.results.waitFor((records) => records.length >= IDS.length, 'the results')
  return service
}

test.each([
  ['to the beginning', ['--to-earliest'], IDS.length],
  ['to a time', ['--to-datetime', '2020-01-01T00:00:00.000'], IDS.length],
  ['back by some', ['--shift-by', '-1000'], IDS.length],
])("the lane's offset is moved %s: each album comes out again, once", async (_, to, count) => {
  const scenario = await createScenario()
  const { env, results, start, amazon } = scenario
  const first = await enrichAll(scenario)
  expect(await first.stop()).toBe(0)
  const calls = amazon.calls.length
  await resetWorker(scenario, env.TOPIC_ENRICHMENT, ...to)
  const second = start()
  await second.waitForLog('offset was moved by somebody')
  await results.waitFor((records) => records.length >= IDS.length + count, 'the results again')
  expect(await second.stop()).toBe(0)
  expect(await runsOf(scenario)).toEqual(all([1, 2]))
  expect(amazon.calls.length).toBeGreaterThanOrEqual(calls + count)

  const third = start()
  await third.waitForLog('lane running')
  expect(await third.stop()).toBe(0)
  expect(await runsOf(scenario), 'a start that nobody moved anything for').toEqual(all([1, 2]))
})

test.each([
  ['to a time between two imports', (between: Date) => ['--to-datetime', between.toISOString().slice(0, -1)]],
  ['back by three', () => ['--shift-by', '-3']],
])("the lane's offset is moved %s: what stands behind it comes out again, once, and nothing else", async (_, to) => {
  const scenario = await createScenario()
  const { env, results, start, publish } = scenario
  const first = start()
  await publish(...IDS.slice(0, 4).map((id) => anAlbum(id)))
  await results.waitFor((records) => records.length >= 4, 'the first results')
  const between = new Date()
  await publish(...IDS.slice(4).map((id) => anAlbum(id)))
  await results.waitFor((records) => records.length >= IDS.length, 'all results')
  expect(await first.stop()).toBe(0)
  const requests = await TopicReader.open(env, env.TOPIC_ENRICHMENT)
  onTestFinished(() => requests.close())

  const offset = await resetWorker(scenario, env.TOPIC_ENRICHMENT, ...to(between))
  const due = (await requests.readToEnd()).filter((record) => BigInt(record.offset) >= offset).map(({ key }) => key)
  expect(due.length).toBeGreaterThan(0)
  expect(due.length).toBeLessThan(IDS.length)
  const second = start()
  await results.waitFor((records) => records.length >= IDS.length + due.length, 'the results again')
  expect(await second.stop()).toBe(0)
  expect(await runsOf(scenario)).toEqual(Object.fromEntries(IDS.map((id) => [id, due.includes(id) ? [1, 2] : [1]])))
})

test('moved right after a kill, with albums in the air: each comes out once more, or for the first time', async () => {
  const scenario = await createScenario()
  const { env, results, start, publish } = scenario
  await publish(...IDS.map((id) => anAlbum(id)))
  const first = start()
  await results.waitFor((records) => records.length >= 2, 'some results')
  first.signal('SIGKILL')
  await first.exited()
  const before = await runsOf(scenario)
  await resetWorker(scenario, env.TOPIC_ENRICHMENT, '--to-earliest')
  const second = start()
  const due = IDS.length + Object.keys(before).length
  await results.waitFor((records) => records.length >= due, 'the results')
  expect(await second.stop()).toBe(0)
  // A result that was decided and not published is published in its second run.
  const after = await runsOf(scenario)
  expect(Object.keys(after).toSorted()).toEqual(IDS)
  for (const [id, runs] of Object.entries(after)) expect(runs.length, `results of ${id}`).toBe(id in before ? 2 : 1)
})

test('moved with retry copies waiting: what waits comes back as a stale copy, and each album has one more result', async () => {
  const scenario = await createScenario({ RETRY_DELAYS: '20s' })
  const { env, results, dead, start, publish, amazon } = scenario
  amazon.behave({ ...trouble.internal(), when: (query) => query.includes('Kind of Blue') })
  await publish(
    ...IDS.map((id) => anAlbum(id)),
    anAlbum('late', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }),
  )
  const first = start()
  await first.waitForLog('album will be retried')
  await expect
    .poll(async () => (await first.get('/metrics')).text, { timeout: 40_000 })
    .toContain('album_enricher_retries_total{tier="20s",code="AMAZON_UNAVAILABLE"} 1')
  await results.waitFor((records) => records.length >= IDS.length, 'the others')
  expect(await first.stop()).toBe(0)

  amazon.reset()
  await resetWorker(scenario, env.TOPIC_ENRICHMENT, '--to-earliest')
  const second = start()
  await second.waitForLog('stale copy skipped', 60_000)
  await results.waitFor((records) => records.length >= 2 * IDS.length + 1, 'all results')
  expect(await second.stop()).toBe(0)
  expect(await runsOf(scenario)).toEqual({ ...all([1, 2]), late: [2] })
  expect(await dead.readToEnd()).toEqual([])
})

test("moved on express alone, and on both: an operator's request comes out again too", async () => {
  const scenario = await createScenario()
  const { env, results, start } = scenario
  const first = await enrichAll(scenario)
  expect((await runVerb(env, 'enrich', '1')).status).toBe(0)
  await results.waitFor((records) => records.length >= IDS.length + 1, 'the operator’s')
  expect(await first.stop()).toBe(0)

  await resetWorker(scenario, `${env.TOPIC_ENRICHMENT}.express`, '--to-earliest')
  const second = start()
  await results.waitFor((records) => records.length >= IDS.length + 2, 'the operator’s again')
  expect(await second.stop()).toBe(0)
  expect(await runsOf(scenario)).toEqual({ ...all([1]), 1: [1, 1, 2] })

  await resetWorker(scenario, `${env.TOPIC_ENRICHMENT}.express`, '--to-earliest')
  await resetWorker(scenario, env.TOPIC_ENRICHMENT, '--to-earliest')
  const third = start()
  await results.waitFor((records) => records.length >= 2 * IDS.length + 3, 'all of them again')
  expect(await third.stop()).toBe(0)
  expect(await runsOf(scenario)).toEqual({ ...all([1, 2]), 1: [1, 1, 2, 2, 3] })
})
