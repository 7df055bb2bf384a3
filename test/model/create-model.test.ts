import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { metrics } from '../../src/metrics.ts'
import { createModel } from '../../src/model/create-model.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'
import { MODEL_STAND_IN_KEY, type ModelStandIn, startModelStandIn } from '../stack/stand-ins/model.ts'

let standIn: ModelStandIn
beforeAll(async () => {
  standIn = await startModelStandIn()
})
afterAll(() => standIn.close())

const config = (env: Record<string, string>) => loadConfig(['model'], { OPENAI_BASE_URL: standIn.url, ...env })

const callsBy = async () =>
  Object.fromEntries((await metrics.modelCalls.get()).values.map(({ labels, value }) => [labels.result, value]))

describe('createModel', () => {
  it('is no model when nobody wants to ask one', () => {
    expect(createModel(config({ MODEL_USE: 'never' }))).toBeNull()
  })

  it('demands a key otherwise', () => {
    expect(() => createModel(config({}))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  it('counts calls by result, and tokens', async () => {
    const model = createModel(config({ OPENAI_API_KEY: MODEL_STAND_IN_KEY }))
    const ask = () =>
      model?.judge(
        sampleAlbum('Red', ['King Crimson']),
        [sampleProduct('Red', 'King Crimson')],
        AbortSignal.timeout(9_000),
      )
    const before = await callsBy()
    const answer = await ask()
    standIn.behave({ status: 500, body: '{}', times: 1 })
    await expect(ask()).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
    const after = await callsBy()
    expect((after.ok ?? 0) - (before.ok ?? 0)).toBe(1)
    expect((after.MODEL_UNAVAILABLE ?? 0) - (before.MODEL_UNAVAILABLE ?? 0)).toBe(1)
    const tokens = (await metrics.modelTokens.get()).values
    expect(tokens.find(({ labels }) => labels.kind === 'input')?.value).toBe(answer?.use.inputTokens)
  })

  it.each([{ withoutUsage: true }, { stall: 'head' as const }])(
    'bounds the tokens of a day also where the host tells none: %j',
    async (behaviour) => {
      standIn.behave({ ...behaviour, times: 1 })
      const bound = { OPENAI_API_KEY: MODEL_STAND_IN_KEY, MODEL_TOKENS_PER_DAY: '10', MODEL_TIMEOUT_SECONDS: '1' }
      const model = createModel(config(bound))
      const ask = () =>
        model?.judge(
          sampleAlbum('Red', ['King Crimson']),
          [sampleProduct('Red', 'King Crimson')],
          AbortSignal.timeout(9_000),
        )
      await ask()?.catch(() => undefined)
      await expect(ask()).rejects.toMatchObject({ code: 'MODEL_TOKENS_SPENT' })
    },
  )

  it('takes an answer that would fill the memory for a fault of the host', async () => {
    standIn.behave({ status: 200, body: `${' '.repeat(11_000_000)}{}`, times: 1 })
    const model = createModel(config({ OPENAI_API_KEY: MODEL_STAND_IN_KEY }))
    const products = [sampleProduct('Red', 'King Crimson')]
    const asked = model?.judge(sampleAlbum('Red', ['King Crimson']), products, AbortSignal.timeout(9_000))
    await expect(asked).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: expect.stringContaining('more than 10000000 bytes'),
    })
  })
})
