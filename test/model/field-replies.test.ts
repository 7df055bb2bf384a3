import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { EnrichmentError } from '../../src/errors.ts'
import { judgeCarefully } from '../../src/model/judge-carefully.ts'
import { createOpenAiModel } from '../../src/model/openai-model.ts'
import { decideRetry, isOutage } from '../../src/retry/decide-retry.ts'
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

  it.each(named(replies.filter((it) => it.expect.startsWith('MODEL_'))))(
    '%s: what becomes of the album',
    async (_name, it) => {
      standIn.behave(it.reply)
      const careful = (outage: 'hold' | 'review') => ask(judgeCarefully(create(), { outage })).catch((thrown) => thrown)
      const { code } = (await ask().catch((thrown) => thrown)) as EnrichmentError
      const unheard = { verdicts: [{ verdict: null, reason: expect.stringContaining(code) }] }
      const failure = { code, retryAfterMs: undefined, tries: 1, slowedMs: 0, attempt: 13, ageMs: 73 * 3_600_000 }
      const next = decideRetry(failure, { tiers: [{ label: '6h', delayMs: 21_600_000 }], deadlineMs: 72 * 3_600_000 })
      switch (code) {
        case 'MODEL_THROTTLED':
          // In place, as often as it takes, and not an attempt.
          expect(await careful('review')).toMatchObject({ code })
          expect(next).toMatchObject({ kind: 'again', counts: false })
          return
        case 'MODEL_INVALID_REQUEST':
          // Too large, and of one candidate.
          expect(await careful('hold')).toMatchObject(unheard)
          return
        case 'MODEL_QUOTA_SPENT':
          expect([isOutage(code), next.kind], 'the lane is held, and nothing is given up').toEqual([true, 'wait'])
          break
        default:
          // A few in a row hold the lane; one alone is tried again.
          expect([code, next.kind]).toEqual(['MODEL_UNAVAILABLE', 'again'])
      }
      expect(await careful('hold')).toMatchObject({ code })
      expect(await careful('review')).toMatchObject(unheard)
    },
  )

  it('takes no wait that a server wished for as an attempt, however many there were', () => {
    const { failure } = lines.map((line) => JSON.parse(line)).find(({ kind }) => kind.startsWith('retry:'))
    const policy = { tiers: [{ label: '6h', delayMs: 21_600_000 }], deadlineMs: 72 * 3_600_000 }
    // The thirteen hops are told as uncounted by the copy's headers.
    expect(decideRetry({ ...failure, slowedMs: 0, attempt: failure.attempt - 13 }, policy).kind).toBe('retry')
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
