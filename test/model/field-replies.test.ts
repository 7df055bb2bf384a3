import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { judgeCarefully } from '../../src/model/judge-carefully.ts'
import { createOpenAiModel } from '../../src/model/openai-model.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'
import { MODEL_STAND_IN_KEY, type ModelStandIn, startModelStandIn } from '../stack/stand-ins/model.ts'

interface Case {
  kind: string
  reply?: { status: number; body: unknown }
  content?: string
  expect: string
}

const lines = readFileSync(new URL('../data/field-replies.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const cases = lines.map((line) => JSON.parse(line) as Case).filter(({ kind }) => kind.startsWith('model:'))
const replies = cases.flatMap(({ reply, ...rest }) => (reply ? [{ reply, ...rest }] : []))
const named = (list: typeof replies) => list.map((it, index) => [`${it.kind} ${index}`, it] as const)

let standIn: ModelStandIn
beforeAll(async () => {
  standIn = await startModelStandIn()
})
afterEach(() => standIn.reset())
afterAll(() => standIn.close())

const album = sampleAlbum('Red', ['King Crimson'])
const products = [sampleProduct('Red', 'King Crimson', { asin: 'B000000001' })]
const create = () =>
  createOpenAiModel({ apiKey: MODEL_STAND_IN_KEY, baseUrl: standIn.url, name: 'stand-in', timeoutMs: 10_000 })
const ask = (model = create()) => model.judge(album, products, AbortSignal.timeout(10_000))

describe('replies of hosts that people have reported', () => {
  it.each(named(replies.filter((it) => it.expect.startsWith('MODEL_'))))('%s', async (_name, it) => {
    standIn.behave(it.reply)
    const failure = await ask().catch((thrown: { code: string }) => thrown)
    expect(it.expect.split(' or ')).toContain((failure as { code: string }).code)
  })

  it.each(named(replies.filter((it) => /open/.test(it.expect))))('%s leaves the album open', async (_name, it) => {
    standIn.behave(it.reply)
    await expect(ask()).rejects.toMatchObject({ code: 'MODEL_PROMPT_REFUSED' })
    const { verdicts } = await ask(judgeCarefully(create(), { outage: 'hold' }))
    expect(verdicts).toEqual([{ verdict: null, reason: expect.stringContaining('MODEL_PROMPT_REFUSED') }])
  })

  it.each(cases.flatMap(({ kind, content }) => (content ? [[kind, content]] : [])))(
    '%s: %j',
    async (_kind, content) => {
      standIn.behave({ rewrite: () => content })
      expect((await ask()).verdicts).toEqual([{ verdict: 'open', reason: 'x' }])
    },
  )

  it('sends no $schema, and a limit', async () => {
    await ask()
    const { response_format, max_completion_tokens } = JSON.parse(standIn.calls[0]?.body ?? '')
    expect(response_format.json_schema.schema).not.toHaveProperty('$schema')
    expect(response_format.json_schema.schema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(max_completion_tokens).toBeGreaterThan(1_000)
  })
})
