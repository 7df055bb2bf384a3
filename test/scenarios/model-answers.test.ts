import { expect, test, vi } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { isHeldFor, runVerb } from '../stack/service-process.ts'
import { refuse } from '../stack/stand-ins/model-checks.ts'

// A probe comes later each time, and a command takes seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

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
    const ready = JSON.parse((await service.get('/ready')).text)
    expect(ready).toMatchObject({ ready: true, parts: { worker: { state: 'held', holds: [{ cause: code }] } } })
    const text = await service.metrics()
    expect(text).toContain(`album_enricher_lane_held{cause="${code}"} 1`)
    expect(text).not.toMatch(/^album_enricher_(retries|dead_letters)_total\{.*\} [^0]/m)
    await expect
      .poll(async () => (await runVerb(env, 'status')).output, { timeout: 20_000 })
      .toContain(`held for ${code}`)

    const isToResume = goesOn === 'after resume'
    // By then the next look by itself is a quarter of a minute away.
    if (isToResume) await expect.poll(() => model.calls.length, { timeout: 40_000 }).toBeGreaterThanOrEqual(5)
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
