import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { judgeCarefully } from '../../src/model/judge-carefully.ts'
import type { Model } from '../../src/model/model.ts'
import { onlyThrottles } from '../../src/model/only-throttles.ts'
import { createOpenAiModel } from '../../src/model/openai-model.ts'
import { skipWhenAway } from '../../src/model/skip-when-away.ts'
import { createDependencies } from '../../src/worker/dependencies.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'
import { MODEL_STAND_IN_KEY, type ModelStandIn, startModelStandIn } from '../stack/stand-ins/model.ts'
import { refuse } from '../stack/stand-ins/model-checks.ts'

let standIn: ModelStandIn
beforeAll(async () => {
  standIn = await startModelStandIn()
})
afterEach(() => standIn.reset())
afterAll(() => standIn.close())

const MINUTE = 60_000
const SLOW_DOWN = refuse(429, 'Rate limit reached.', 'rate_limit_exceeded')

const ask = (model: Model, signal = AbortSignal.timeout(10_000)) =>
  model.judge(sampleAlbum('Red', ['King Crimson']), [sampleProduct('Red', 'King Crimson')], signal)

/** A model, and a clock that only tests move. */
function create() {
  const clock = { ms: 0 }
  const [apiKey, baseUrl] = [MODEL_STAND_IN_KEY, standIn.url]
  const model = createOpenAiModel({ apiKey, baseUrl, name: 'stand-in', timeoutMs: 10_000 })
  return { model: onlyThrottles(model, () => clock.ms), clock }
}

test('three minutes of nothing but 429 are no throttling any more, until anything else is said', async () => {
  const { model, clock } = create()
  const codeAt = async (ms: number) => {
    clock.ms = ms
    return ask(model).then(
      () => 'ok',
      (error) => error.code,
    )
  }
  standIn.behave(SLOW_DOWN)
  expect(await codeAt(10 * MINUTE)).toBe('MODEL_THROTTLED')
  expect(await codeAt(13 * MINUTE - 1)).toBe('MODEL_THROTTLED')
  expect(await codeAt(13 * MINUTE)).toBe('MODEL_ONLY_THROTTLES')
  standIn.behave({ status: 503, body: 'no upstream' })
  expect(await codeAt(14 * MINUTE)).toBe('MODEL_UNAVAILABLE')
  standIn.behave(SLOW_DOWN)
  expect(await codeAt(15 * MINUTE)).toBe('MODEL_ONLY_THROTTLES')
  standIn.behave({ rewrite: () => 'All fine.', times: 1 })
  expect(await codeAt(16 * MINUTE)).toBe('MODEL_BAD_ANSWER')
  standIn.behave(SLOW_DOWN)
  expect(await codeAt(17 * MINUTE)).toBe('MODEL_THROTTLED')
  standIn.reset()
  expect(await codeAt(18 * MINUTE)).toBe('ok')
  standIn.behave(SLOW_DOWN)
  expect(await codeAt(20 * MINUTE)).toBe('MODEL_THROTTLED')
})

test('then the lane is held at once, which says why and goes on by itself', async () => {
  const { model, clock } = create()
  const holds: unknown[] = []
  const stopping = new AbortController()
  const dependencies = createDependencies((name, hold) => holds.push([name, hold]), stopping.signal)
  const judge = () => dependencies.model((signal) => ask(model, signal), AbortSignal.timeout(10_000))
  standIn.behave(SLOW_DOWN)
  await expect(judge()).rejects.toMatchObject({ code: 'MODEL_THROTTLED' })
  expect(holds).toEqual([])
  clock.ms += 4 * MINUTE
  const judged = judge()
  await expect.poll(() => holds).toHaveLength(1)
  standIn.reset()
  expect((await judged).verdicts).toMatchObject([{ verdict: 'accept' }])
  const message = expect.stringContaining('nothing but "slow down" for 240 s')
  const remedy = expect.stringContaining('who else uses the key')
  expect(holds).toEqual([
    ['model', { cause: 'MODEL_ONLY_THROTTLES', message, remedy }],
    ['model', null],
  ])
})

test('who would rather do without the model than wait for it does so then, and asks no more for a while', async () => {
  const { model, clock } = create()
  const careful = judgeCarefully(skipWhenAway(model), { outage: 'review' })
  standIn.behave(SLOW_DOWN)
  await expect(ask(careful)).rejects.toMatchObject({ code: 'MODEL_THROTTLED' })
  clock.ms += 4 * MINUTE
  for (let times = 0; times < 3; times++) {
    const { verdicts } = await ask(careful)
    expect(verdicts).toEqual([{ verdict: null, reason: expect.stringContaining('MODEL_ONLY_THROTTLES') }])
  }
  expect(standIn.calls).toHaveLength(2)
})
