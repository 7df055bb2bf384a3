import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'
import { PROMPT_VERSION } from '../../src/model/build-prompt.ts'
import type { ModelCall } from '../../src/model/model.ts'
import { createOpenAiModel } from '../../src/model/openai-model.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'
import {
  MODEL_STAND_IN_KEY,
  type ModelBehaviour,
  type ModelStandIn,
  startModelStandIn,
} from '../stack/stand-ins/model.ts'

const album = sampleAlbum('Wide Open Spaces', ['Dixie Chicks'])
const right = sampleProduct('Wide Open Spaces (Vinyl)', 'The Chicks', { asin: 'B0RIGHT001' })
const karaoke = sampleProduct('Karaoke: The Songs of the Dixie Chicks', undefined, { asin: 'B0KARAOKE1' })
const unclear = sampleProduct('Wide Open Spaces', undefined, { asin: 'B0UNCLEAR1' })

let standIn: ModelStandIn
beforeAll(async () => {
  standIn = await startModelStandIn()
})
afterEach(() => standIn.reset())
afterAll(() => standIn.close())

const create = (settings: Partial<Parameters<typeof createOpenAiModel>[0]> = {}) =>
  createOpenAiModel({
    apiKey: MODEL_STAND_IN_KEY,
    baseUrl: standIn.url,
    name: 'stand-in',
    timeoutMs: 10_000,
    ...settings,
  })
const ask = (model = create(), signal = new AbortController().signal) =>
  model.judge(album, [unclear, right, karaoke], signal)

describe('createOpenAiModel', () => {
  it('answers for every product in the order asked, in one call', async () => {
    const { verdicts, use } = await ask()
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['open', 'accept', 'reject'])
    expect(verdicts.every(({ reason }) => reason !== '')).toBe(true)
    expect(use).toMatchObject({ name: 'stand-in', promptVersion: PROMPT_VERSION })
    expect(use.inputTokens).toBeGreaterThan(100)
    expect(use.outputTokens).toBeGreaterThan(10)
    expect(standIn.calls).toHaveLength(1)
    expect(standIn.calls[0]?.album).toBe('Wide Open Spaces')
  })

  it('does without usage figures, which compatible hosts leave out', async () => {
    standIn.behave({ withoutUsage: true })
    expect((await ask()).use).toMatchObject({ inputTokens: 0, outputTokens: 0 })
  })

  it('estimates for the budget what the host does not tell, where it may have worked', async () => {
    const calls: ModelCall[] = []
    const spent = async (behaviour: ModelBehaviour) => {
      standIn.behave(behaviour)
      const model = create({ timeoutMs: 300, onCall: (call) => calls.push(call) })
      await ask(model).catch(() => undefined)
      const { inputTokens, outputTokens, spentTokens, answer } = calls.at(-1) ?? {}
      return { told: [inputTokens, outputTokens], spentTokens, answer }
    }
    const usage = (prompt_tokens: unknown, completion_tokens: unknown) => ({
      body: {
        choices: [{ finish_reason: 'stop', message: { content: 'x'.repeat(400) } }],
        usage: { prompt_tokens, completion_tokens },
      },
      status: 200,
    })
    const hung = await spent({ stall: 'head' })
    expect(hung.told).toEqual([0, 0])
    expect(hung.spentTokens).toBeGreaterThan(100)
    const asked = hung.spentTokens ?? 0
    expect(await spent({ stall: 'body' })).toEqual(hung)
    const untold = await spent({ withoutUsage: true })
    expect([untold.told, (untold.spentTokens ?? 0) > asked]).toEqual([[0, 0], true])
    expect(await spent(usage(700, 40))).toMatchObject({ told: [700, 40], spentTokens: 740 })
    const estimated = { told: [0, 0], spentTokens: asked + 100 }
    for (const senseless of [2 ** 64 - 1, 2 ** 31, -1, 7.5, '700', null])
      expect(await spent(usage(senseless, senseless)), String(senseless)).toMatchObject(estimated)
    expect(await spent({ status: 500, body: '{}' }), 'refused unread').toMatchObject({ told: [0, 0], spentTokens: 0 })
  })

  it('asks in the same words again', async () => {
    await ask()
    await ask()
    expect(standIn.calls[0]?.body).toBe(standIn.calls[1]?.body)
  })

  const error = (message: string, code: string | null = null) => ({ error: { message, type: 'x', param: null, code } })
  const choice = (finish_reason: string) => ({ choices: [{ finish_reason, message: { content: '' } }] })
  const asType = (type: string) => ({ status: 200, headers: { 'content-type': type } })
  it.each<[string, ModelBehaviour, ErrorCode]>([
    ['HTTP 400', { status: 400, body: error('bad request') }, 'MODEL_INVALID_REQUEST'],
    ['HTTP 404', { status: 404, body: error('no such model', 'model_not_found') }, 'MODEL_NOT_FOUND'],
    ['HTTP 422', { status: 422, body: error('unprocessable') }, 'MODEL_INVALID_REQUEST'],
    ['HTTP 403', { status: 403, body: error('not in your country') }, 'MODEL_BAD_CREDENTIALS'],
    ['HTTP 402', { status: 402, body: error('pay') }, 'MODEL_QUOTA_SPENT'],
    ['HTTP 429 for want of credit', { status: 429, body: error('quota', 'insufficient_quota') }, 'MODEL_QUOTA_SPENT'],
    ['HTTP 408', { status: 408, body: error('slow') }, 'MODEL_UNAVAILABLE'],
    ['HTTP 500', { status: 500, body: error('oops') }, 'MODEL_UNAVAILABLE'],
    [
      'an HTML 502',
      { status: 502, body: '<html>Bad gateway</html>', headers: { 'content-type': 'text/html' } },
      'MODEL_UNAVAILABLE',
    ],
    [
      'an HTML 200',
      { status: 200, body: '<html>Log in</html>', headers: { 'content-type': 'text/html' } },
      'MODEL_BAD_ANSWER',
    ],
    ['half a JSON', { garbage: true }, 'MODEL_BAD_ANSWER'],
    ['no choice', { status: 200, body: { choices: [] } }, 'MODEL_BAD_ANSWER'],
    ['null', { status: 200, body: 'null' }, 'MODEL_BAD_ANSWER'],
    ['a refusal', { refusal: 'I cannot help with that.' }, 'MODEL_PROMPT_REFUSED'],
    ['an answer cut off', { cut: 'length' }, 'MODEL_BAD_ANSWER'],
    ['an answer kept back', { cut: 'content_filter' }, 'MODEL_PROMPT_REFUSED'],
    ['an answer that the host broke off', { status: 200, body: choice('network_error') }, 'MODEL_UNAVAILABLE'],
    ['a host out of resources', { status: 200, body: choice('insufficient_system_resource') }, 'MODEL_UNAVAILABLE'],
    ['a sensitive question', { status: 200, body: choice('sensitive') }, 'MODEL_PROMPT_REFUSED'],
    ['a refusal in a 200', { status: 200, body: { code: 'rate_limit_daily', message: 'later' } }, 'MODEL_THROTTLED'],
    [
      'a refusal of MiniMax',
      { status: 200, body: { choices: null, base_resp: { status_code: 1008, status_msg: 'insufficient balance' } } },
      'MODEL_QUOTA_SPENT',
    ],
    ['an empty error without a choice', { status: 200, body: { error: {} } }, 'MODEL_UNAVAILABLE'],
    ['another API', { status: 200, body: { message: { role: 'assistant', content: 'x' } } }, 'MODEL_BAD_ANSWER'],
    [
      'an error as a stream',
      { ...asType('text/event-stream'), body: 'data: {"error":{"code":429}}' },
      'MODEL_THROTTLED',
    ],
    ['prose', { rewrite: () => 'All three are fine.' }, 'MODEL_BAD_ANSWER'],
    [
      'an invented candidate',
      { rewrite: (content) => content.replace('"candidate":3', '"candidate":7') },
      'MODEL_BAD_ANSWER',
    ],
    [
      'a repeated candidate',
      { rewrite: (content) => content.replace('"candidate":3', '"candidate":2') },
      'MODEL_BAD_ANSWER',
    ],
  ])('says of %s what it is, after one call', async (_what, behaviour, code) => {
    standIn.behave(behaviour)
    await expect(ask()).rejects.toMatchObject({ name: 'EnrichmentError', code })
    expect(standIn.calls).toHaveLength(1)
  })

  const verdicts = [1, 2, 3].map((candidate) => ({ candidate, verdict: 'accept', reason: '' }))
  const completion = { choices: [{ finish_reason: 'stop', message: { content: JSON.stringify({ verdicts }) } }] }
  const json = JSON.stringify(completion)
  it.each<[string, ModelBehaviour]>([
    ['called a text', { ...asType('text/plain; charset=utf-8'), body: json }],
    ['of no type', { ...asType(''), body: `\n\n${json}` }],
    ['called a stream, with its end', { ...asType('text/event-stream'), body: `${json}\ndata: [DONE]\n\n` }],
    [
      'as the one event of a stream',
      { ...asType('text/event-stream'), body: `: x\n\ndata: ${json}\n\ndata: [DONE]\n\n` },
    ],
    ['beside an empty error', { status: 200, body: { ...completion, error: {} } }],
  ])('reads an answer %s', async (_what, behaviour) => {
    standIn.behave(behaviour)
    expect((await ask()).verdicts.map(({ verdict }) => verdict)).toEqual(['accept', 'accept', 'accept'])
  })

  it('takes no word of a refusal for the key', async () => {
    const said = error('x is the token of text that the model does not exist for', 'model_not_found')
    standIn.behave({ status: 404, body: said })
    for (const apiKey of ['x', 'token', 'model'])
      await expect(ask(create({ apiKey }))).rejects.toThrow(said.error.message)
  })

  it('hands on how long the host asks to wait, however long', async () => {
    standIn.behave({ status: 429, body: error('slow down', 'rate_limit_exceeded'), headers: { 'retry-after': '300' } })
    await expect(ask()).rejects.toMatchObject({ code: 'MODEL_THROTTLED', retryAfterMs: 300_000 })
  })

  it('never repeats the key in a failure', async () => {
    const apiKey = 'sk-secret-of-mine'
    standIn.behave({ status: 401, body: error(`Incorrect API key provided: ${apiKey}`) })
    const failure = await ask(create({ apiKey })).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'MODEL_BAD_CREDENTIALS' })
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain(apiKey)
    expect((failure as Error).cause).toBeUndefined()
  })

  it('is refused with a wrong key', async () => {
    await expect(ask(create({ apiKey: 'sk-wrong' }))).rejects.toMatchObject({ code: 'MODEL_BAD_CREDENTIALS' })
  })

  it.each(['head', 'body'] as const)('gives up on a host that stalls before the end of the %s', async (stall) => {
    standIn.behave({ stall })
    await expect(ask(create({ timeoutMs: 300 }))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
  })

  it('says that a host cannot be reached', async () => {
    const gone = await startModelStandIn()
    await gone.close()
    await expect(ask(create({ baseUrl: gone.url }))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
  })

  it.each(['head', 'body'] as const)(
    "throws the caller's own reason when aborted while the %s stalls",
    async (stall) => {
      standIn.behave({ stall })
      const controller = new AbortController()
      const reason = new Error('partition lost')
      const asked = ask(create(), controller.signal)
      const refused = expect(asked).rejects.toBe(reason)
      await expect.poll(() => standIn.calls.length).toBe(1)
      controller.abort(reason)
      await refused
    },
  )

  it('does not call when aborted before', async () => {
    const reason = new Error('stopping')
    await expect(ask(create(), AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(standIn.calls).toHaveLength(0)
  })
})
