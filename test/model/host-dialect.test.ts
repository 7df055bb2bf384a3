import { describe, expect, it } from 'vitest'
import { HostDialect } from '../../src/model/host-dialect.ts'
import { judgeCarefully } from '../../src/model/judge-carefully.ts'
import { createOpenAiModel } from '../../src/model/openai-model.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'

interface Request {
  max_completion_tokens?: number
  max_tokens?: number
  response_format?: { type: string }
  messages: { content: string }[]
}
/** A status, and the body or what is said in it. */
type Refusal = [number, string | object]

const products = Array.from({ length: 2 }, (_, index) => sampleProduct('Red', 'X', { asin: `B00000000${index}` }))
const limitOf = ({ max_completion_tokens, max_tokens }: Request) => max_completion_tokens ?? max_tokens
const formatOf = ({ response_format }: Request) => response_format?.type ?? 'text'
const candidatesOf = ({ messages }: Request) => messages.at(-1)?.content.match(/"candidate":/g)?.length ?? 0
const isLong = ({ messages }: Request) => Boolean(messages.at(-1)?.content.includes('Long'))

/** Albums judged by a host that answers all that it does not refuse. */
function askHost(refuse: (request: Request) => Refusal | undefined) {
  const requests: Request[] = []
  const told: unknown[] = []
  const fetch = (async (_url: unknown, { body }: { body: string }) => {
    const request = JSON.parse(body) as Request
    requests.push(request)
    const refusal = refuse(request)
    if (refusal !== undefined) {
      const [status, said] = refusal
      return Response.json(typeof said === 'string' ? { error: { message: said } } : said, { status })
    }
    const verdicts = Array.from({ length: candidatesOf(request) }, (_, index) => ({
      candidate: index + 1,
      verdict: 'accept',
      reason: '',
    }))
    return Response.json({ choices: [{ finish_reason: 'stop', message: { content: JSON.stringify({ verdicts }) } }] })
  }) as unknown as typeof globalThis.fetch
  const model = createOpenAiModel({
    apiKey: 'sk-of-a-test',
    baseUrl: 'http://localhost/v1',
    name: 'm',
    timeoutMs: 10_000,
    fetch,
    dialect: new HostDialect((now) => told.push(now)),
  })
  const judge = async (title = 'Red') => {
    const album = sampleAlbum(title, ['King Crimson'])
    const { verdicts } = await judgeCarefully(model, { outage: 'hold' }).judge(
      album,
      products,
      AbortSignal.timeout(10_000),
    )
    return verdicts.map(({ verdict, reason }) => verdict ?? reason)
  }
  return { judge, requests, told }
}
const JUDGED = ['accept', 'accept']

describe('HostDialect', () => {
  it.each<[string, Refusal]>([
    ['json_object', [400, "'response_format.type' of type 'json_schema' is not supported with this model"]],
    ['text', [400, 'This response_format type is unavailable now']],
    ['json_object', [400, 'response_format value as json_schema is enabled only for api versions 2024-08-01-preview']],
    ['json_object', [400, { message: "type: Input should be 'text'", code: 'wrong_api_format' }]],
    ['text', [422, { detail: [{ type: 'literal_error', loc: ['body', 'response_format'], msg: 'Input should be' }] }]],
    ['json_object', [400, '["At body -> response_format -> ResponseFormatText -> type: Input should be \'text\'"]']],
    ['json_object', [400, 'Unknown name "additional_properties" at \'generation_config.response_schema\'']],
    ['json_object', [400, { errors: [{ code: 5025, message: "AiError: This model doesn't support JSON Schema." }] }]],
    ['json_object', [400, { error: { message: 'no', param: 'response_format' } }]],
    ['json_object', [500, 'response_format type must be one of "text" or "json_object", but got: json_schema']],
  ])('falls back to %s where the host refuses, remembers it and tells once: %j', async (format, refusal) => {
    const knows = [format, 'text']
    const { judge, requests, told } = askHost((request) => (knows.includes(formatOf(request)) ? undefined : refusal))
    expect(await judge()).toEqual(JUDGED)
    expect(formatOf(requests.at(-1) as Request)).toBe(format)
    const asked = requests.length
    expect(await judge()).toEqual(JUDGED)
    expect(requests.slice(asked).map(formatOf)).toEqual([format])
    expect(told).toEqual([expect.objectContaining({ limit: 'max_completion_tokens 12000' })])
  })

  it('takes no page of a server in trouble for a lesson', async () => {
    const { judge, requests } = askHost(() => [500, '<!DOCTYPE html><script type="application/schema">'])
    await expect(judge()).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
    expect(requests).toHaveLength(1)
  })

  it('falls back to max_tokens, and to no limit', async () => {
    const { judge, requests } = askHost((request) => {
      if (request.max_completion_tokens) return [400, 'Unrecognized request argument supplied: max_completion_tokens']
      const tooLarge = "'max_tokens' is too large: 12000. This model's maximum context length is 4096"
      return request.max_tokens ? [400, tooLarge] : undefined
    })
    expect(await judge()).toEqual(JUDGED)
    expect(requests[0]).toHaveProperty('max_completion_tokens', 12_000)
    expect(requests[1]).toHaveProperty('max_tokens', 12_000)
    expect(limitOf(requests.at(-1) as Request)).toBeUndefined()
    const asked = requests.length
    await judge()
    expect(requests.slice(asked).map(limitOf)).toEqual([undefined])
  })

  it.each([
    [[400, 'max_tokens is too large: 12000. This model supports at most 4096 completion tokens'], 4095],
    [[400, '`max_completion_tokens` must be less than or equal to `8192`'], 8191],
    [
      [
        400,
        'it has a maxOutputTokens value of 12000 but the supported range is from 1 (inclusive) to 8193 (exclusive)',
      ],
      8192,
    ],
    [[400, '<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]'], 8191],
    [[400, 'max_tokens: 12,000 > 8,192, the maximum number of output tokens for claude-3-5-haiku-20241022'], 8191],
  ] as [Refusal, number][])('lowers the limit to that of the host, for all: %j', async (refusal, limit) => {
    const { judge, requests } = askHost((request) => (limitOf(request) === 12_000 ? refusal : undefined))
    expect(await judge()).toEqual(JUDGED)
    expect(await judge()).toEqual(JUDGED)
    expect(requests.map(limitOf)).toEqual([12_000, limit, limit])
  })

  const sum = (tail: string) => `This model's maximum context length is 8192 tokens. However, ${tail}`
  it.each<Refusal>([
    [400, sum('you requested 12900 tokens (900 in the messages, 12000 in the completion). Please reduce the length.')],
    [400, sum("your request has 900 input tokens plus 12000 'max_tokens'. (value=(900, 12000))")],
    [400, sum('you requested 12000 output tokens and your prompt contains at least 900 input tokens, for 12900')],
    [400, { error: { message: sum('you requested 12900 tokens'), code: 'context_length_exceeded' } }],
    [400, "This endpoint's maximum context length is 8192 tokens: 12900 (900 of text input, 12000 in the output)"],
    [400, 'Your request exceeded model token limit: 8192 (requested: 12900)'],
    [400, 'total number of tokens cannot exceed 8192 - received 12900. Try using a smaller max_tokens value.'],
    [400, 'input length and `max_tokens` exceed context limit: 900 + 12000 > 8192'],
    [422, '`inputs` tokens + `max_new_tokens` must be <= 8192. Given: 900 `inputs` tokens and 12000 `max_new_tokens`'],
    [413, 'Request too large on tokens per minute (TPM): Limit 8192, Requested 12900'],
  ])('gives the answer what the question leaves of the context, and others half of it: %j', async (...refusal) => {
    const { judge, requests, told } = askHost((request) => (limitOf(request) === 12_000 ? refusal : undefined))
    expect(await judge()).toEqual(JUDGED)
    expect(await judge()).toEqual(JUDGED)
    expect(requests.map(limitOf)).toEqual([12_000, 8192 - 900 - 1, 4096])
    expect(told).toEqual([expect.objectContaining({ limit: 'max_completion_tokens 4096' })])
  })

  it('lowers the limit for one long question alone, where the context has room for others', async () => {
    const told = '`max_tokens` exceed context limit: 195000 + 12000 > 200000'
    const { judge, requests } = askHost((request) =>
      isLong(request) && limitOf(request) === 12_000 ? [400, told] : undefined,
    )
    expect(await judge('Long Album')).toEqual(JUDGED)
    expect(await judge()).toEqual(JUDGED)
    expect(requests.map(limitOf)).toEqual([12_000, 4999, 12_000])
  })

  it.each([
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    'input length and `max_tokens` exceed context limit: 199900 + 12000 > 200000',
    "This model's maximum context length is 8192 tokens. However, you requested 21000 (9000 in the messages, 12000 ...)",
  ])('asks about fewer candidates where the question itself is too long: %s', async (message) => {
    const { judge, requests, told } = askHost((request) => (candidatesOf(request) > 1 ? [400, message] : undefined))
    expect(await judge()).toEqual(JUDGED)
    expect(requests.slice(-2).map(candidatesOf)).toEqual([1, 1])
    expect(requests.slice(-2).map(limitOf)).toEqual([12_000, 12_000])
    expect(told).toEqual([])
  })

  it.each<[string, Refusal]>([
    ['of a schema', [400, 'Schema validation failed. Parse Errors: (root): must be object. Provided data: null']],
    [
      'of the schema',
      [
        400,
        {
          error: {
            message: 'Generated JSON does not match the expected schema.',
            type: 'invalid_request_error',
            code: 'json_validate_failed',
          },
        },
      ],
    ],
    ['of the limit', [400, 'Could not finish the message because max_tokens or model output limit was reached.']],
    ['of the question', [400, 'Invalid prompt: it was flagged as violating our usage policy and its schema.']],
  ])('learns nothing from one album whose refusal speaks %s', async (_what, refusal) => {
    const { judge, requests, told } = askHost((request) => (isLong(request) ? refusal : undefined))
    expect(await judge('Long Album')).toEqual([expect.stringMatching(/not heard/), expect.stringMatching(/not heard/)])
    await judge()
    expect([formatOf(requests.at(-1) as Request), limitOf(requests.at(-1) as Request)]).toEqual(['json_schema', 12_000])
    expect(told).toEqual([])
  })

  it('does not ask in other manners for an answer that did not pass the schema', async () => {
    const { judge, requests } = askHost(() => [400, { error: { message: 'x schema', code: 'json_validate_failed' } }])
    await judge()
    expect(requests.map(formatOf)).toEqual(['json_schema', 'json_schema'])
  })
})
