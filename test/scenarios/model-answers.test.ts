import { expect, test, vi } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor, runVerb } from '../stack/service-process.ts'
import { refuse } from '../stack/stand-ins/model-checks.ts'

// A probe comes later each time, and a command takes seconds on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

test.each([
  ['MODEL_UNAVAILABLE', refuse(503, 'The engine is overloaded.'), 'by itself'],
  ['MODEL_QUOTA_SPENT', refuse(429, 'You exceeded your current quota.', 'insufficient_quota'), 'by itself'],
  ['MODEL_BAD_CREDENTIALS', refuse(401, 'Incorrect API key provided: sk-*****.', 'invalid_api_key'), 'after resume'],
] as const)(
  '%s holds the lane, which tells why, gives nothing up, and goes on when it is mended',
  async (code, refusal, goesOn) => {
    const { env, start, publish, results, dead, amazon, model } = await createScenario({ MODEL_USE: 'always' })
    model.behave(refusal)
    const ids = ['1', '2', '3', '4', '5', '6']
    await publish(...ids.map((id) => anAlbum(id)))
    const service = start()
    await service.waitForLog(isHeldFor('lane', code))
    const worker = { state: 'held', holds: [{ cause: code }] }
    await expect.poll(() => service.ready()).toMatchObject({ ready: true, parts: { worker } })
    const text = await service.metrics()
    expect(text).toContain(`album_enricher_lane_held{cause="${code}"} 1`)
    expect(text).not.toMatch(/^album_enricher_(retries|dead_letters)_total\{.*\} [^0]/m)
    await expect.poll(async () => (await runVerb(env, 'status')).output).toContain(`held for ${code}`)

    const isToResume = goesOn === 'after resume'
    // By then the next look by itself is a quarter of a minute away.
    if (isToResume) await expect.poll(() => model.calls.length).toBeGreaterThanOrEqual(5)
    model.reset()
    if (isToResume) expect((await runVerb(env, 'resume')).output).toContain(`it was held for ${code}`)
    await results.waitFor((records) => records.length >= ids.length, 'all results', isToResume ? 10_000 : 60_000)
    expect(await service.stop()).toBe(0)
    expect((await results.readToEnd()).map(({ key }) => key).toSorted()).toEqual(ids)
    expect(await dead.readToEnd()).toEqual([])
    // Also of those that met it before the breaker opened.
    expect(results.records.map(({ event }) => event.attempts)).toEqual(ids.map(() => 1))
    expect(model.calls.length, 'nobody is asked twice for an answer').toBe(ids.length)
    const searches = amazon.calls.filter(({ operation }) => operation === 'searchItems')
    expect(searches.length, 'nor Amazon, for what the model was to judge').toBe(ids.length)
    expect(service.logs.filter(({ msg }) => msg === 'lane held').length).toBe(1)
  },
)

test('one of fifty albums is refused by moderation: it is published as the rules have it, and nobody waits', async () => {
  const { start, publish, results, dead, model } = await createScenario({ MODEL_USE: 'always' })
  const filtered = {
    message: 'The response was filtered.',
    type: null,
    param: 'prompt',
    code: 'content_filter',
    status: 400,
  }
  model.behave({ status: 400, body: { error: filtered }, when: ({ album }) => album === 'Kind of Blue' })
  const ids = Array.from({ length: 50 }, (_, index) => String(index))
  const refused = '17'
  const blue = { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }], releaseYear: 1959 }
  const service = start()
  await publish(...ids.map((id) => anAlbum(id, id === refused ? blue : {})))
  await results.waitFor((records) => records.length === ids.length, 'all results', 60_000)
  const text = await service.metrics()
  expect(text).toMatch(/^album_enricher_model_unheard_total\{reason="MODEL_PROMPT_REFUSED"\} [1-9]/m)
  expect(await service.stop()).toBe(0)
  const events = (await results.readToEnd()).map(({ event }) => event)
  expect(events.map(({ attempts }) => attempts)).toEqual(ids.map(() => 1))
  const { outcome, links } = events.find(({ albumId }) => albumId === refused)
  expect(outcome).toBe('matched')
  expect(links[0]).toMatchObject({ decidedBy: 'rules', reason: expect.stringContaining('MODEL_PROMPT_REFUSED') })
  expect(await dead.readToEnd()).toEqual([])
  const told = service.logs.map(({ msg }) => msg)
  expect(told).not.toContain('lane held')
  expect(told).not.toContain('album will be retried')
  expect(service.logs.find(({ msg }) => msg === 'model not heard')).toMatchObject({ albumId: refused })
})

test('a host that answers nonsense to everybody holds the lane, and its albums end when it is mended', async () => {
  const { start, publish, results, model } = await createScenario({ MODEL_USE: 'always', MAX_ALBUMS_IN_FLIGHT: '8' })
  model.behave({ rewrite: () => 'All of them are fine.' })
  const ids = Array.from({ length: 12 }, (_, index) => String(index))
  await publish(...ids.map((id) => anAlbum(id)))
  const service = start()
  await service.waitForLog(isHeldFor('lane', 'MODEL_BAD_ANSWER'))
  model.reset()
  await results.waitFor((records) => records.length === ids.length, 'all results', 60_000)
  expect(await service.stop()).toBe(0)
})

test('a bad answer counts through a crash: the model is asked once more, not twice', async () => {
  const { env, start, publish, results, model } = await createScenario({ MODEL_USE: 'always' })
  const [first, never] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const nonsense = { rewrite: () => 'All of them are fine.' }
  model.behave({ ...nonsense, until: first.promise, times: 1 })
  const killed = start()
  await publish(anAlbum('1'))
  await expect.poll(() => model.calls.length, { timeout: 30_000 }).toBe(1)
  model.behave({ until: never.promise, times: 1 })
  first.resolve()
  await expect.poll(() => model.calls.length, { timeout: 30_000 }).toBe(2)
  expect((await runVerb(env, 'show', '1')).output).toContain('in flight: match')
  killed.signal('SIGKILL')
  model.behave(nonsense)
  const second = start()
  await results.waitFor((records) => records.length === 1, 'the result', 60_000)
  expect(await second.stop()).toBe(0)
  expect(model.calls.length).toBe(3)
  const [{ event } = { event: undefined }] = results.records
  expect(event.links[0]).toMatchObject({ decidedBy: 'rules', reason: expect.stringContaining('MODEL_BAD_ANSWER') })
})

test.each(['hold', 'review'])(
  'a mistyped MODEL_NAME holds the lane (MODEL_OUTAGE=%s), and no album is left open for it',
  async (outage) => {
    const { env, start, publish, results, model } = await createScenario({
      MODEL_USE: 'always',
      MODEL_NAME: 'gpt-mistyped',
      MODEL_OUTAGE: outage,
    })
    model.behave(
      refuse(404, 'The model `gpt-mistyped` does not exist or you do not have access to it.', 'model_not_found'),
    )
    const ids = ['1', '2', '3', '4', '5', '6']
    await publish(...ids.map((id) => anAlbum(id)))
    const wrong = start()
    await wrong.waitForLog(isHeldFor('lane', 'MODEL_NOT_FOUND'))
    await expect.poll(async () => (await runVerb(env, 'status')).output).toContain('MODEL_NAME')
    expect(await wrong.stop()).toBe(0)
    expect(await results.readToEnd()).toEqual([])

    model.reset()
    const right = start()
    await results.waitFor((records) => records.length === ids.length, 'all results', 60_000)
    expect(await right.stop()).toBe(0)
    expect((await results.readToEnd()).map(({ event }) => [event.outcome, event.attempts])).toEqual(
      ids.map(() => ['matched', 1]),
    )
  },
)

test("the day's tokens stay spent through a restart, and every call can be read", async () => {
  const { env, start, publish, results, model } = await createScenario({
    MODEL_USE: 'always',
    MODEL_TOKENS_PER_DAY: '1',
  })
  const first = start()
  await publish(anAlbum('1'))
  await results.waitFor((records) => records.length === 1, 'the result before the restart')
  expect(await first.stop()).toBe(0)
  expect(model.calls.length).toBe(1)

  const second = start()
  await publish(anAlbum('2'))
  await results.waitFor((records) => records.length === 2, 'the result after it')
  expect(model.calls.length, 'nothing is left to spend').toBe(1)
  expect(await second.stop()).toBe(0)
  const told = JSON.parse((await runVerb(env, 'show', '1', '--json')).output.trim().split('\n').at(-1) ?? '')
  expect(told.modelCalls).toMatchObject([{ result: 'ok', promptVersion: expect.any(String) }])
  expect(JSON.parse(told.modelCalls[0].answer)).toHaveProperty('verdicts')
  expect((await runVerb(env, 'show', '1')).output).toContain('"verdicts"')
})
