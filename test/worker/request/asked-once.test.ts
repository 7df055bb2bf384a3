import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { createModel } from '../../../src/model/create-model.ts'
import { judgeCarefully } from '../../../src/model/judge-carefully.ts'
import { TokenBudget } from '../../../src/model/token-budget.ts'
import { createDependencies } from '../../../src/worker/dependencies.ts'
import { askedOnce } from '../../../src/worker/request/asked-once.ts'
import { modelFor } from '../../../src/worker/request/paid-calls.ts'
import { AlbumClock } from '../../../src/worker/window/album-clock.ts'
import { sampleAlbum, sampleProduct } from '../../data/samples.ts'
import { MODEL_STAND_IN_KEY, type ModelStandIn, startModelStandIn } from '../../stack/stand-ins/model.ts'
import { refuse } from '../../stack/stand-ins/model-checks.ts'

let standIn: ModelStandIn
beforeAll(async () => {
  standIn = await startModelStandIn()
})
afterEach(() => standIn.reset())
afterAll(() => standIn.close())

/** A day's tokens, all of them spent. */
class SpentBudget extends TokenBudget {
  isOver = false
  checks = 0

  override check(): void {
    this.checks += 1
    if (!this.isOver) super.check()
  }
}

/** An album's question where outages go to review and spent days hold the lane. */
function aQuestion() {
  const env = { OPENAI_API_KEY: MODEL_STAND_IN_KEY, OPENAI_BASE_URL: standIn.url, MODEL_OUTAGE: 'review' }
  const budget = new SpentBudget(1, 'hold')
  budget.spend(1)
  const model = createModel(loadConfig(['model'], env), undefined, budget)
  if (model === null) throw new Error('no model')
  const holds: (string | null)[] = []
  const dependencies = createDependencies((_, hold) => holds.push(hold?.cause ?? null), new AbortController().signal)
  const lease = { isConfirmed: true, confirmed: () => Promise.resolve() }
  const paid = { lease, requestId: 'request', clock: new AlbumClock(60_000) }
  const ofModel = { ...paid, dependencies: { ...dependencies, model: askedOnce(dependencies.model) } }
  const judge = (signal: AbortSignal) =>
    judgeCarefully(
      modelFor(model, ofModel, () => undefined),
      { outage: 'review' },
    ).judge(sampleAlbum('Red', ['King Crimson']), [sampleProduct('Red', 'King Crimson')], signal)
  return { holds, budget, dependencies, judge }
}

test('a day that is spent holds the lane, also where outages go to review, until it is over', async () => {
  const { holds, budget, dependencies, judge } = aQuestion()
  const judged = judge(AbortSignal.timeout(10_000))
  await expect.poll(() => holds).toEqual(['MODEL_DAY_SPENT'])
  budget.isOver = true
  dependencies.probeNow()
  expect((await judged).verdicts).toMatchObject([{ verdict: 'accept' }])
  expect(holds).toEqual(['MODEL_DAY_SPENT', null])
})

test('a host that is away when the day is over holds nothing: its albums go to review', async () => {
  const { holds, budget, dependencies, judge } = aQuestion()
  const judged = judge(AbortSignal.timeout(10_000))
  await expect.poll(() => holds).toEqual(['MODEL_DAY_SPENT'])
  standIn.behave(refuse(503, 'The engine is overloaded.'))
  budget.isOver = true
  dependencies.probeNow()
  const reason = expect.stringContaining('MODEL_UNAVAILABLE')
  expect((await judged).verdicts).toMatchObject([{ verdict: null, reason }])
  expect(holds).toEqual(['MODEL_DAY_SPENT', null])
})

test('an album that is given up while it probes says nothing of the day', async () => {
  const { holds, budget, dependencies, judge } = aQuestion()
  const [leaving, staying] = [new AbortController(), new AbortController()]
  const judged = judge(leaving.signal)
  await expect.poll(() => holds).toEqual(['MODEL_DAY_SPENT'])
  const { checks } = budget
  const other = judge(staying.signal)
  await expect.poll(() => budget.checks).toBeGreaterThan(checks)
  standIn.behave({ until: new Promise(() => undefined), times: 1 })
  budget.isOver = true
  dependencies.probeNow()
  await expect.poll(() => standIn.calls.length).toBe(1)
  leaving.abort(new Error('given up'))
  await expect(judged).rejects.toThrow('given up')
  expect((await other).verdicts).toMatchObject([{ verdict: 'accept' }])
  expect(holds).toEqual(['MODEL_DAY_SPENT', null])
})
