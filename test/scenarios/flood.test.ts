import { expect, test, vi } from 'vitest'
import { anAlbum, createScenario, type Scenario } from '../stack/scenario.ts'
import { isHeldFor, runVerb, type ServiceProcess } from '../stack/service-process.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'

// A restart of the service and a command take seconds each on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

/** How many records wait for intake, as an operator reads it. */
async function waitingForIntake({ env }: Scenario): Promise<number> {
  const { waiting } = JSON.parse((await runVerb(env, 'status', '--json')).output)
  const own = waiting.filter((it: { group: string }) => it.group === `${env.KAFKA_GROUP_PREFIX}.intake`)
  return own.reduce((sum: number, { records }: { records: number }) => sum + records, 0)
}

/** Does what gives intake more to do, and waits until that waits for it. */
async function addToIntake(scenario: Scenario, add: () => Promise<void>): Promise<void> {
  const before = await waitingForIntake(scenario)
  await add()
  await expect.poll(() => waitingForIntake(scenario)).toBeGreaterThan(before)
}

test('an album that will be retried does not end a row of dead letters', async () => {
  const settings = { FLOOD_DEAD_LETTERS: '2', MODEL_USE: 'always', RETRY_DELAYS: '1h' }
  const { start, publish, dead, amazon, model } = await createScenario(settings)
  amazon.behave({ ...trouble.invalidRequest(), when: (query) => query.includes('Nevermind') })
  model.behave({ status: 500, body: {} })
  const service = start()
  await publish(anAlbum('1'))
  await dead.waitFor((records) => records.length === 1, 'the first dead letter')
  await publish(anAlbum('2', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  const metric = 'album_enricher_retries_total{tier="1h",code="MODEL_UNAVAILABLE"} 1'
  await expect.poll(() => service.metrics()).toContain(metric)
  await publish(anAlbum('3'))
  await service.waitForLog(isHeldFor('lane', 'flood'))
})

test('a flood holds the lane through a crash, a restart and a takeover, until a person says resume', async () => {
  const scenario = await createScenario({
    FLOOD_DEAD_LETTERS: '2',
    // Others in the air may still be given up before the second one is counted.
    MAX_ALBUMS_IN_FLIGHT: '1',
  })
  const { env, start, publish, results, dead, amazon } = scenario
  const isHeld = isHeldFor('lane', 'flood')
  amazon.behave(trouble.invalidRequest())
  const first = start()
  const ids = ['1', '2', '3', '4']
  await publish(...ids.map((id) => anAlbum(id)))
  const { holds } = await first.waitForLog(isHeld)

  const standby = start('worker')
  await standby.waitForLog(({ msg }) => /^lane (held|stands by)$/.test(msg))
  first.signal('SIGKILL')
  expect((await standby.waitForLog(isHeld)).holds).toEqual(holds)
  expect(await standby.stop()).toBe(0)
  amazon.reset()
  const restarted = start()
  await restarted.waitForLog(isHeld)
  await publish(anAlbum('5'))
  // Not by the lag, which falls as the new owner passes over markers.
  const waits = `waits in ${env.TOPIC_ENRICHMENT} `
  await expect.poll(async () => (await runVerb(env, 'show', '5')).output).toContain(waits)
  expect([(await dead.readToEnd()).length, results.records.length]).toEqual([2, 0])

  expect((await runVerb(env, 'resume')).output).toContain('it was held for flood: 2 dead letters in a row')
  await results.waitFor((records) => records.length === 3, 'the other albums')
  expect(await restarted.stop()).toBe(0)
  expect((await dead.readToEnd()).length).toBe(2)
})

test('a flood holds every intake through a crash and a restart, and a resume while none runs counts', async () => {
  const scenario = await createScenario({ FLOOD_DEAD_LETTERS: '2' })
  const { env, start, send, dead } = scenario
  const isHeld = isHeldFor('intake', 'intake_flood')
  const sendBad = (count = 1) =>
    send(env.TOPIC_IMPORTED, ...Array.from({ length: count }, () => ({ key: 'same', value: 'no Avro' })))
  const first = start('intake')
  await sendBad(5)
  await first.waitForLog(isHeld)
  const second = start('intake')
  await second.waitForLog(isHeld)
  await addToIntake(scenario, sendBad)
  expect([first, second].flatMap(restartsOf), 'one that is held lets the other one join').toEqual([])
  first.signal('SIGKILL')
  expect(await second.stop()).toBe(0)

  const third = start('intake')
  await third.waitForLog(isHeld)
  await addToIntake(scenario, sendBad)
  expect((await dead.readToEnd()).length).toBe(2)
  expect(await third.stop()).toBe(0)
  expect((await runVerb(env, 'resume')).output).toContain('it was held for intake_flood')
  const fourth = start('intake')
  await dead.waitFor((records) => records.length === 3, 'the one that goes first')
  await fourth.waitForLog(isHeld)
  expect(await fourth.stop()).toBe(0)
  expect((await dead.readToEnd()).length).toBe(3)
})

const restartsOf = ({ logs }: ServiceProcess) => logs.filter(({ msg }) => msg.startsWith('consumer ended'))
