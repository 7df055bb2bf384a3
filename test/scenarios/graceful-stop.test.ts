import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { KafkaProxies } from '../chaos/kafka-proxies.ts'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import { type LogLine, runVerb, type ServiceProcess } from '../stack/service-process.ts'
import { startModelStandIn } from '../stack/stand-ins/model.ts'
import { createTestEnv } from '../stack/test-env.ts'

const SHUTDOWN_TIMEOUT_SECONDS = 5
/** The way of the signal and the end of the process itself: measured 20 ms; a busy machine may take longer. */
const EXIT_MS = 300
/** What a chart and a compose file allow beyond the setting, and enough for us to hear of the end. */
const GRACE_MS = 5_000
const SETTINGS = { SHUTDOWN_TIMEOUT_SECONDS: String(SHUTDOWN_TIMEOUT_SECONDS) }

async function expectQuickStop(service: ServiceProcess, withinSeconds = SHUTDOWN_TIMEOUT_SECONDS): Promise<void> {
  const at = Date.now()
  expect(await service.stop()).toBe(0)
  expect(Date.now() - at, service.tail()).toBeLessThan(withinSeconds * 1_000 + GRACE_MS)
  // By its own word: this process may be kept waiting itself.
  const { time } = await service.waitForLog('service stopped')
  expect(Date.parse(String(time)) - at, service.tail()).toBeLessThan(withinSeconds * 1_000 + EXIT_MS)
}

const hasJoined = (group: string) => (line: LogLine) =>
  line.msg === 'Consumer has joined the group' && String(line.groupId).endsWith(group)

test('a stop finishes the albums in the air and publishes them, and leaves the rest', async () => {
  const model = await startModelStandIn({ latencyMs: 1_500 })
  onTestFinished(() => model.close())
  const { start, publish, results } = await createScenario({
    ...SETTINGS,
    MODEL_USE: 'always',
    OPENAI_BASE_URL: model.url,
  })
  await publish(...Array.from({ length: 60 }, (_, index) => anAlbum(String(index))))
  const service = start()
  await expect.poll(() => model.calls.length).toBeGreaterThanOrEqual(5)
  const asked = service.waitForLog('service stopping').then(() => model.calls.length)
  await expectQuickStop(service)
  expect(model.calls.length).toBeLessThanOrEqual((await asked) + 2)
  await results.waitFor((records) => records.length >= model.calls.length, 'the results of all that were asked about')
  expect((await results.readToEnd()).length).toBe(model.calls.length)
})

test.each([
  ['stands still', 5, (proxies: KafkaProxies) => proxies.hold()],
  ['is gone', 5, (proxies: KafkaProxies) => proxies.refuse()],
  ['stands still', 1, (proxies: KafkaProxies) => proxies.hold()],
])(
  'while Kafka %s a stop of %d s gives the albums in the air up in time, and counts no death for them',
  async (_, seconds, lose) => {
    // One of them is finished once Kafka is away, and its commit waits for Kafka; the others never are.
    const slow = await startModelStandIn({ latencyMs: () => (slow.calls.length === 1 ? 0 : 60_000) })
    onTestFinished(() => slow.close())
    const isLost = Promise.withResolvers<void>()
    slow.behave({ until: isLost.promise, times: 1 })
    const scenario = await createScenario({ SHUTDOWN_TIMEOUT_SECONDS: String(seconds), MODEL_USE: 'always' })
    const { env, publish, results, model, start } = scenario
    const db = new Database(env.DATABASE_URL)
    onTestFinished(() => db.close())
    const count = () =>
      db.query((em) =>
        em.execute(`select count(*) filter (where begun_by <> '[]')::int as begun,
          count(decided_at)::int as decided from enrichment`),
      )
    const proxies = await KafkaProxies.open('kafka', env.KAFKA_BROKERS)
    onTestFinished(() => proxies.refuse())
    const ids = ['1', '2', '3', '4', '5']
    await publish(...ids.map((id) => anAlbum(id)))
    env.OPENAI_BASE_URL = slow.url
    const service = startWith(scenario, 'KAFKA_BROKERS', proxies.addresses)
    await expect.poll(() => slow.calls.length).toBe(ids.length)
    expect(await count()).toEqual([{ begun: ids.length, decided: 0 }])
    await lose(proxies)
    isLost.resolve()
    await expect.poll(count).toEqual([{ begun: ids.length - 1, decided: 1 }])
    await expectQuickStop(service, seconds)
    expect(await count()).toEqual([{ begun: 0, decided: 1 }])

    env.OPENAI_BASE_URL = model.url
    const next = start()
    await results.waitFor((records) => records.length >= ids.length, 'the results')
    expect(await next.stop()).toBe(0)
    expect((await results.readToEnd()).map(({ key }) => key).toSorted()).toEqual(ids)
  },
)

test('it stops while a flood of dead letters holds intake and lane, and leaves the records where they stand', async () => {
  const { env, start, send, dead } = await createScenario({ ...SETTINGS, FLOOD_DEAD_LETTERS: '1' })
  const service = start()
  for (const topic of [env.TOPIC_IMPORTED, env.TOPIC_ENRICHMENT])
    await send(topic, ...['1', '2', '3'].map((key) => ({ key, value: 'no Avro' })))
  await service.waitForLog('intake held')
  await service.waitForLog('lane held')
  await expectQuickStop(service)
  expect((await dead.readToEnd()).length).toBeLessThan(6)
})

test('it stops while a person has paused the lane', async () => {
  const { env, start, publish, results } = await createScenario(SETTINGS)
  expect((await runVerb(env, 'pause')).status).toBe(0)
  const service = start()
  await publish(anAlbum('1'))
  await service.waitForLog('lane paused')
  await expectQuickStop(service)

  const resumed = start()
  expect((await runVerb(env, 'resume')).status).toBe(0)
  await results.waitFor((records) => records.length === 1, 'the result')
  await expectQuickStop(resumed)
})

test('members that stop while others join and leave stop in time, and every album has its result, none twice', {
  timeout: 180_000,
}, async () => {
  const { start, publish, results, dead } = await createScenario(SETTINGS)
  const ids = Array.from({ length: 60 }, (_, index) => String(index))
  await publish(...ids.map((id) => anAlbum(id)))
  const first = start()
  await results.waitFor((records) => records.length >= 3, 'some results')
  // Each of the next is told to stop in the rebalance that the one after it brings about.
  let [leaving] = [first]
  for (let round = 0; round < 3; round += 1) {
    // One that has not joined yet is told of no rebalance.
    for (const group of ['.intake', '.worker', '.relay']) await leaving.waitForLog(hasJoined(group))
    const seen = leaving.logs.length
    const next = start()
    await leaving.waitForLog((line) => leaving.logs.indexOf(line) >= seen && /rebalancing/.test(String(line.error)))
    await expectQuickStop(leaving)
    leaving = next
  }
  await results.waitFor((records) => records.length >= ids.length, 'all results', 90_000)
  await expectQuickStop(leaving)
  const keys = (await results.readToEnd()).map(({ key }) => key)
  expect(keys.toSorted()).toEqual(ids.toSorted())
  expect(await dead.readToEnd()).toEqual([])
})

test.each(['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'DATABASE_URL'])(
  'it stops while the start waits for the server of %s, whether nobody is there or somebody who does not answer',
  async (setting) => {
    const scenario = await createScenario(SETTINGS)
    const silent = await startSilentServer()
    const real = new URL(withScheme((await createTestEnv())[setting] ?? ''))
    for (const port of [1, silent]) {
      real.port = String(port)
      const service = startWith(scenario, setting, setting === 'KAFKA_BROKERS' ? real.host : real.href)
      if (port === 1) await service.waitForLog('waiting for a server')
      else await service.waitForLog('service starting')
      await expectQuickStop(service)
    }
  },
)

function withScheme(address: string): string {
  return address.includes('://') ? address : `http://${address}`
}

function startWith({ env, start }: Scenario, setting: string, value: string): ServiceProcess {
  const before = env[setting] ?? ''
  env[setting] = value
  const service = start()
  env[setting] = before
  return service
}

/** Takes connections, and never says a word. */
async function startSilentServer(): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
