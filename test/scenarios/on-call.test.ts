import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { type KafkaServer, startKafka } from '../stack/kafka.ts'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor, type LogLine, runVerb, type ServiceProcess } from '../stack/service-process.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'
import { TopicReader } from '../stack/topic-reader.ts'

// A command is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

/** A broker of this file's own: that of all other tests must not be killed. */
let kafka: KafkaServer

beforeAll(async () => {
  kafka = await startKafka()
})
afterAll(() => kafka.stop())

/** Of the model for an album, before that goes to a retry topic. */
const QUICK_TRIES = 4

/** Dead letters are counted every ten seconds. */
const COUNTED = { interval: 500 }

/** The value of a metric; undefined while it is not told. */
async function read(service: ServiceProcess, metric: string): Promise<number | undefined> {
  const line = (await service.metrics()).split('\n').find((text) => text.startsWith(`album_enricher_${metric} `))
  return line === undefined ? undefined : Number(line.split(' ')[1])
}

test('a restart changes neither when the last result was nor how many dead letters wait, and a new lane tells none', async () => {
  const { env, start, publish, results, dead } = await createScenario()
  const first = start()
  await first.waitForLog('service running')
  expect(await read(first, 'last_result_timestamp_seconds')).toBe(undefined)
  expect(await read(first, 'dead_letters_total{code="RECORD_INVALID"}')).toBe(0)
  const startedAt = Date.now() / 1_000
  await publish(anAlbum('1'), anAlbum('2', { title: '' }), anAlbum('3', { title: '' }))
  await results.waitFor((records) => records.length === 1, 'the result')
  await dead.waitFor((records) => records.length === 2, 'the dead letters')
  const waits = (service: ServiceProcess) => () => read(service, 'dead_letters_waiting{code="RECORD_INVALID"}')
  await expect.poll(waits(first), COUNTED).toBe(2)
  await first.stop()

  const second = start()
  await expect.poll(waits(second), COUNTED).toBe(2)
  expect(await read(second, 'last_result_timestamp_seconds')).toBeGreaterThan(startedAt)
  expect((await runVerb(env, 'dead', 'delete', dead.records.map(({ offset }) => `0:${offset}`)[0] ?? '')).status).toBe(
    0,
  )
  await expect.poll(waits(second), COUNTED).toBe(1)
  expect((await runVerb(env, 'dead', 'delete', '--all')).status).toBe(0)
  await expect.poll(waits(second), COUNTED).toBe(0)
})

test('a Kafka that is gone is a hold with words and a metric, before the start too, and nobody says that the lane runs', async () => {
  const { start, publish, results } = await createScenario({ KAFKA_BROKERS: kafka.brokers })
  const service = start()
  await publish(anAlbum('1'))
  await results.waitFor((records) => records.length === 1, 'the result')
  expect(await read(service, 'lane_state{state="running"}')).toBe(1)
  await kafka.kill()
  await service.waitForLog(isHeldFor('lane', 'KAFKA_UNAVAILABLE'), 60_000)
  await service.waitForLog(isHeldFor('intake', 'intake_KAFKA_UNAVAILABLE'), 60_000)
  expect(await read(service, 'lane_state{state="running"}')).toBe(0)
  expect(await read(service, 'lane_held{cause="KAFKA_UNAVAILABLE"}')).toBe(1)
  const late = start()
  await late.waitForLog('waiting for a server')
  expect(await read(late, 'lane_held{cause="KAFKA_UNAVAILABLE"}')).toBe(1)

  await kafka.start()
  const heldAt = String(service.logs.findLast(isHeldFor('lane', 'KAFKA_UNAVAILABLE'))?.time)
  const runsAgain = ({ msg, time }: LogLine) => msg === 'lane running' && String(time) > heldAt
  // Either of the two may have the lane then.
  await Promise.any([service, late].map((one) => one.waitForLog(runsAgain, 60_000)))
  await late.waitForLog('service running', 60_000)
  expect(await read(late, 'lane_held{cause="KAFKA_UNAVAILABLE"}')).toBe(undefined)
  await publish(anAlbum('2'))
  await results.waitFor((records) => records.length === 2, 'the result after its return', 60_000)
})

test('ten minutes that Amazon asks to wait are told wherever one looks, outlast a restart, and end when a person says resume', async () => {
  const { env, start, publish, results, dead, amazon } = await createScenario()
  amazon.behave(trouble.throttledByHeader('600'))
  const isThrottled = isHeldFor('lane', 'AMAZON_THROTTLED')
  const first = start()
  await publish(anAlbum('1'), anAlbum('2'))
  await first.waitForLog(isThrottled, 60_000)
  expect(await read(first, 'lane_held{cause="AMAZON_THROTTLED"}')).toBe(1)
  const worker = {
    state: 'held',
    holds: [{ cause: 'AMAZON_THROTTLED', meaning: 'Amazon asks to slow down' }],
  }
  await expect.poll(() => first.ready()).toMatchObject({ ready: true, parts: { worker } })
  await expect
    .poll(async () => (await runVerb(env, 'status')).output)
    .toMatch(/held for AMAZON_THROTTLED since \S+: 429: Amazon asks to slow down; the next request is at \d{4}-/)
  expect(await first.stop()).toBe(0)

  const second = start()
  await second.waitForLog(isThrottled, 60_000)
  amazon.reset()
  expect((await runVerb(env, 'resume')).output).toContain('it was held for AMAZON_THROTTLED')
  await results.waitFor((records) => records.length === 2, 'the results', 10_000)
  await expect.poll(() => read(second, 'lane_held{cause="AMAZON_THROTTLED"}')).toBe(undefined)
  expect(results.records.map(({ event }) => event.attempts)).toEqual([1, 1])
  expect(await dead.readToEnd()).toEqual([])
})

test('status says why albums go to retry, and tells a pause beside a hold', async () => {
  const { env, start, publish, amazon, model } = await createScenario({ MODEL_USE: 'always', RETRY_DELAYS: '1h' })
  // A third album that fails so would hold the lane.
  model.behave({ status: 500, body: {} })
  const service = start()
  await publish(anAlbum('1'), anAlbum('2'))
  for (const id of ['1', '2'])
    await service.waitForLog(({ albumId, attempt }) => albumId === id && attempt === QUICK_TRIES)
  const status = async () => (await runVerb(env, 'status')).output
  await expect.poll(status).toMatch(/2 failed with MODEL_UNAVAILABLE \(.+\), the newest: \S+/)
  expect((await runVerb(env, 'show', '1')).output).toMatch(
    /request \S+ waits in \S+\.retry\.1h since \S+ \(.*\), \d records before it, due at \d{4}-/,
  )
  const { output } = await runVerb(env, 'status', '--json')
  expect(JSON.parse(output.split('\n').at(-1) ?? '').retryReasons).toMatchObject([
    { code: 'MODEL_UNAVAILABLE', count: 2 },
  ])

  amazon.behave(trouble.notEligible())
  await publish(anAlbum('4', { title: 'In Utero' }))
  await service.waitForLog(isHeldFor('lane', 'AMAZON_NOT_ELIGIBLE'))
  await runVerb(env, 'pause')
  await expect.poll(() => read(service, 'lane_state{state="paused"}')).toBe(1)
  expect(await read(service, 'lane_state{state="held"}')).toBe(1)
  await expect.poll(status).toMatch(/the lane is paused by \w+ since[\s\S]*held for AMAZON_NOT_ELIGIBLE/)
  expect(service.logs.filter(({ msg }) => msg === 'lane held').length).toBe(1)
})

test('show tells of an album that only waits, of one in the air with its stage and time, and of each marketplace apart', async () => {
  const { env, start, publish, results, model } = await createScenario({ MODEL_USE: 'always' })
  await publish(anAlbum('1'), anAlbum('2'))
  const unborn = await runVerb(env, 'show', '2')
  expect(unborn.status, unborn.output).toBe(0)
  expect(unborn.output).toContain('Nirvana – Nevermind (1991) (album 2)')
  expect(unborn.output).toContain(`waits in ${env.TOPIC_IMPORTED} since`)
  const requests = await TopicReader.open(env, env.TOPIC_ENRICHMENT)
  onTestFinished(() => requests.close())
  const intake = start('intake')
  await requests.waitFor((records) => records.length === 2, 'the requests')
  let told = ''
  const show = async () => {
    told = (await runVerb(env, 'show', '2')).output
    return told
  }
  await expect
    .poll(show)
    .toMatch(/request \S+ waits in \S+\.enrichment since \S+ \(partition 0, offset \d+\), [01] records before it/)
  const [, requestId = ''] = /request (\S+) waits/.exec(told) ?? []
  expect((await runVerb(env, 'show', requestId)).output).toContain('(album 2)')
  await intake.stop()

  model.behave({ stall: 'head', times: 2 })
  const worker = start('worker')
  await expect.poll(() => model.calls.length).toBe(2)
  await expect.poll(show).toMatch(/www\.amazon\.ca +imported +\d +1 +in flight: match +\d+\.\d s so far/)
  worker.signal('SIGKILL')
  model.reset()
  start('worker')
  await results.waitFor((records) => records.length === 2, 'the results')
  // As a lane of another marketplace would leave it.
  const db = new Database(env.DATABASE_URL)
  for (const table of ['candidate', 'external_link', 'artwork']) {
    await db.query((em) =>
      em.execute(
        `create temporary table other as select * from ${table}; update other set marketplace = 'www.amazon.de';
         insert into ${table} select * from other; drop table other`,
      ),
    )
  }
  await db.close()
  const { output } = await runVerb(env, 'show', '2')
  for (const marketplace of ['www.amazon.ca', 'www.amazon.de']) {
    expect(output).toContain(`candidates of ${marketplace}:`)
    expect(output).toContain(`artwork of ${marketplace}: off`)
    expect(output).toMatch(new RegExp(`^\\w{10} +${marketplace} +\\S+ CAD +linked`, 'm'))
  }
})
