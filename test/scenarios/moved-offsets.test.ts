import { expect, test, vi } from 'vitest'
import { resetOffsetsOnceLeft } from '../stack/kafka-tool.ts'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import { runVerb, type ServiceProcess } from '../stack/service-process.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'
import { TopicReader } from '../stack/topic-reader.ts'

// Kafka's tool is a Java process of its own, and a killed member is missed only after its session.
vi.setConfig({ testTimeout: 240_000 })

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

/** Moves the lane's offset and answers whose requests stand at or behind it. */
async function moveWorker(scenario: Scenario, ...to: string[]): Promise<string[]> {
  const { env } = scenario
  const requests = await TopicReader.open(env, env.TOPIC_ENRICHMENT)
  try {
    const offset = await resetWorker(scenario, env.TOPIC_ENRICHMENT, ...to)
    const due = (await requests.readToEnd()).filter((record) => BigInt(record.offset) >= offset)
    return due.map(({ key }) => key ?? '')
  } finally {
    await requests.close()
  }
}

const MOVES: [string, (between: Date) => string[]][] = [
  ['to the beginning', () => ['--to-earliest']],
  ['to a time between two imports', (between) => ['--to-datetime', between.toISOString().slice(0, -1)]],
  ['back by three', () => ['--shift-by', '-3']],
]

test.each(MOVES)(
  "the lane's offset is moved %s: what stands behind it comes out again, once, and nothing else",
  async (name, to) => {
    const scenario = await createScenario()
    const { results, start, publish, amazon } = scenario
    const first = start()
    await publish(...IDS.slice(0, 4).map((id) => anAlbum(id)))
    await results.waitFor((records) => records.length >= 4, 'the first results')
    const between = new Date()
    await publish(...IDS.slice(4).map((id) => anAlbum(id)))
    await results.waitFor((records) => records.length >= IDS.length, 'all results')
    expect(await first.stop()).toBe(0)
    const calls = amazon.calls.length

    const due = await moveWorker(scenario, ...to(between))
    expect(due.length).toBeGreaterThan(0)
    expect(due.length < IDS.length).toBe(name !== 'to the beginning')
    const second = start()
    await second.waitForLog('offset was moved by somebody')
    await results.waitFor((records) => records.length >= IDS.length + due.length, 'the results again')
    expect(await second.stop()).toBe(0)
    const expected = Object.fromEntries(IDS.map((id) => [id, due.includes(id) ? [1, 2] : [1]]))
    expect(await runsOf(scenario)).toEqual(expected)
    expect(amazon.calls.length).toBeGreaterThanOrEqual(calls + due.length)

    const third = start()
    await third.waitForLog('lane running')
    expect(await third.stop()).toBe(0)
    expect(await runsOf(scenario), 'a start that nobody moved anything for').toEqual(expected)
  },
)

test.each(MOVES)(
  'moved %s right after a kill, with albums in the air: each comes out once more, or for the first time',
  async (_, to) => {
    const scenario = await createScenario()
    const { results, start, publish, amazon } = scenario
    const first = start()
    await publish(...IDS.slice(0, 3).map((id) => anAlbum(id)))
    await results.waitFor((records) => records.length >= 3, 'the first results')
    const between = new Date()
    const killed = Promise.withResolvers<void>()
    amazon.behave({ until: killed.promise })
    await publish(...IDS.slice(3).map((id) => anAlbum(id)))
    await first.waitForLog(
      ({ msg, albumId }) => msg === 'album enrichment started' && IDS.slice(3).includes(String(albumId)),
    )
    first.signal('SIGKILL')
    await first.exited()
    killed.resolve()
    const due = await moveWorker(scenario, ...to(between))
    const before = Object.keys(await runsOf(scenario))
    const again = before.filter((id) => due.includes(id))
    expect(again.length).toBeLessThan(due.length)
    const second = start()
    await results.waitFor((records) => records.length >= IDS.length + again.length, 'the results')
    expect(await second.stop()).toBe(0)
    // A result that was decided and not published is published in its second run.
    const after = await runsOf(scenario)
    expect(Object.keys(after).toSorted()).toEqual(IDS)
    for (const [id, runs] of Object.entries(after))
      expect(runs.length, `results of ${id}`).toBe(again.includes(id) ? 2 : 1)
  },
)

test.each(MOVES)(
  'moved %s with retry copies waiting: each album behind it has one more result, and of one that waits only one counts',
  async (_, to) => {
    const scenario = await createScenario({ RETRY_DELAYS: '12s' })
    const { results, dead, start, publish, amazon } = scenario
    amazon.behave({ ...trouble.internal(), when: (query) => query.includes('Kind of Blue') })
    const first = start()
    const late = anAlbum('late', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] })
    await publish(...IDS.slice(0, 3).map((id) => anAlbum(id)), late)
    await expect
      .poll(() => first.metrics())
      .toContain('album_enricher_retries_total{tier="12s",code="AMAZON_UNAVAILABLE"} 1')
    const between = new Date()
    await publish(...IDS.slice(3).map((id) => anAlbum(id)))
    await results.waitFor((records) => records.length >= IDS.length, 'the others')
    expect(await first.stop()).toBe(0)

    amazon.reset()
    const due = await moveWorker(scenario, ...to(between))
    const isLateAgain = due.includes('late')
    const second = start()
    // Its copy from before comes back too.
    if (isLateAgain) await second.waitForLog('stale copy skipped', 60_000)
    const count = IDS.length + due.length + (isLateAgain ? 0 : 1)
    await results.waitFor((records) => records.length >= count, 'all results', 60_000)
    expect(await second.stop()).toBe(0)
    const expected = IDS.map((id) => [id, due.includes(id) ? [1, 2] : [1]])
    expect(await runsOf(scenario)).toEqual({ ...Object.fromEntries(expected), late: [isLateAgain ? 2 : 1] })
    expect(await dead.readToEnd()).toEqual([])
  },
)

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
