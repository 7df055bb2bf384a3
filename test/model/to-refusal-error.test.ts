import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'
import { readRefusal } from '../../src/model/refusal.ts'
import { TooLargeError, toRefusalError } from '../../src/model/to-model-error.ts'

const named = (code: unknown, type: unknown = null, message = 'x') => ({ error: { message, type, code, param: null } })

/** What hosts say, by status; each in the dialect of the host named. */
const CASES: [ErrorCode, number, unknown][] = [
  ['MODEL_QUOTA_SPENT', 429, named('insufficient_quota', 'insufficient_quota')],
  ['MODEL_QUOTA_SPENT', 400, named(null, 'invalid_request_error', 'Your credit balance is too low to access the API.')],
  ['MODEL_QUOTA_SPENT', 403, named('insufficient_credits')],
  ['MODEL_QUOTA_SPENT', 429, named(null, 'exceeded_current_quota_error')],
  [
    'MODEL_QUOTA_SPENT',
    402,
    { error: { message: 'Insufficient Balance', type: 'unknown_error', code: 'invalid_request_error' } },
  ],
  [
    'MODEL_QUOTA_SPENT',
    400,
    { code: 'Arrearage', message: 'Access denied, please make sure your account is in good standing.' },
  ],
  ['MODEL_QUOTA_SPENT', 429, named('rate_limit_exceeded', 'insufficient_quota')],
  ['MODEL_QUOTA_SPENT', 429, { error: 'You exceeded your current quota, please check your plan and billing details.' }],
  ['MODEL_QUOTA_SPENT', 200, { error: { code: 402, message: 'This request requires more credits' } }],
  ['MODEL_QUOTA_SPENT', 429, named('spend_limit_reached')],
  [
    'MODEL_THROTTLED',
    429,
    named('rate_limit_exceeded', 'tokens', 'Rate limit reached for gpt-5-mini: Limit 200000, Used 199000'),
  ],
  ['MODEL_THROTTLED', 429, { detail: 'Too many requests' }],
  ['MODEL_THROTTLED', 200, { error: { code: 'rate_limit_exceeded', message: 'slow' } }],
  ['MODEL_THROTTLED', 500, { error: { code: 429, message: 'upstream' } }],
  ['MODEL_BAD_CREDENTIALS', 401, { error: { code: 'No auth credentials found', message: 'x' } }],
  ['MODEL_BAD_CREDENTIALS', 200, { error: { code: 401, message: 'No auth credentials found' } }],
  [
    'MODEL_BAD_CREDENTIALS',
    400,
    [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' } }],
  ],
  [
    'MODEL_BAD_CREDENTIALS',
    403,
    named('unsupported_country_region_territory', 'request_forbidden', 'Country not supported'),
  ],
  ['MODEL_UNAVAILABLE', 200, { error: { code: 502, message: 'Provider returned error' } }],
  ['MODEL_UNAVAILABLE', 529, named(null, 'overloaded_error', 'Overloaded')],
  ['MODEL_UNAVAILABLE', 200, { error: { message: 'Overloaded', type: 'overloaded_error' } }],
  ['MODEL_UNAVAILABLE', 503, 'Loading model'],
  ['MODEL_UNAVAILABLE', 500, '<html>content filter</html>'],
  [
    'MODEL_PROMPT_REFUSED',
    400,
    { error: { code: 'content_filter', message: 'filtered', innererror: { code: 'ResponsibleAIPolicyViolation' } } },
  ],
  [
    'MODEL_PROMPT_REFUSED',
    400,
    { error: { message: 'x', innererror: { content_filter_result: { hate: { filtered: true, severity: 'high' } } } } },
  ],
  ['MODEL_PROMPT_REFUSED', 400, named('invalid_prompt', 'invalid_request_error')],
  ['MODEL_PROMPT_REFUSED', 400, named('content_policy_violation')],
  ['MODEL_PROMPT_REFUSED', 400, named(null, 'invalid_request_error', 'Content Exists Risk')],
  [
    'MODEL_PROMPT_REFUSED',
    400,
    { error: { code: 'data_inspection_failed', message: 'Input data may contain inappropriate content.' } },
  ],
  [
    'MODEL_PROMPT_REFUSED',
    200,
    { error: { code: 403, message: 'flagged', metadata: { reasons: ['violence'], flagged_input: 'x' } } },
  ],
  [
    'MODEL_PROMPT_REFUSED',
    400,
    {
      error: {
        code: 400,
        message: 'Provider returned error',
        metadata: { raw: '{"error":{"code":"content_filter"}}' },
      },
    },
  ],
  ['MODEL_INVALID_REQUEST', 413, named('rate_limit_exceeded', 'tokens', 'Request too large for model')],
  [
    'MODEL_INVALID_REQUEST',
    429,
    named('rate_limit_exceeded', 'tokens', 'Request too large for gpt-4o on tokens per min (TPM): Limit 30000'),
  ],
  ['MODEL_INVALID_REQUEST', 400, named('context_length_exceeded')],
  [
    'MODEL_INVALID_REQUEST',
    400,
    {
      object: 'error',
      message: "This model's maximum context length is 4096 tokens.",
      type: 'BadRequestError',
      code: 400,
    },
  ],
  [
    'MODEL_INVALID_REQUEST',
    400,
    {
      error: {
        code: 400,
        message: 'the request exceeds the available context size',
        type: 'exceed_context_size_error',
      },
    },
  ],
  ['MODEL_NOT_FOUND', 404, { error: "model 'x' not found, try pulling it first" }],
  ['MODEL_NOT_FOUND', 404, named('model_not_found', 'invalid_request_error', 'The model `gpt-9` does not exist.')],
  ['MODEL_NOT_FOUND', 403, named('model_not_found', null, 'Project `p` does not have access to model `gpt-5`')],
  ['MODEL_NOT_FOUND', 404, { error: { code: 'DeploymentNotFound', message: 'The API deployment does not exist.' } }],
  ['MODEL_NOT_FOUND', 400, { error: { code: 400, message: 'gpt-9 is not a valid model ID' } }],
  ['MODEL_NOT_FOUND', 400, { object: 'error', message: 'Invalid model: x', type: 'invalid_model', code: '1500' }],
  ['MODEL_NOT_FOUND', 400, named('invalid_request_error', null, 'Model Not Exist')],
  [
    'MODEL_NOT_FOUND',
    404,
    [{ error: { code: 404, message: 'models/x is not found for API version', status: 'NOT_FOUND' } }],
  ],
  ['MODEL_NOT_FOUND', 404, '<html>nginx</html>'],
  ['MODEL_INVALID_REQUEST', 400, named(null, null, 'this model does not support temperature')],
  ['MODEL_BAD_ANSWER', 400, named('json_validate_failed', 'invalid_request_error', 'Failed to generate JSON.')],
]

describe('toRefusalError', () => {
  it.each(CASES)('%s: %d %j', (code, status, body) => {
    expect(toRefusalError(readRefusal(body, status === 200 ? 0 : status)).code).toBe(code)
  })

  it('tells a question that is too large from one that is wrong', () => {
    const of = (status: number, body: unknown) => toRefusalError(readRefusal(body, status))
    expect(of(413, '')).toBeInstanceOf(TooLargeError)
    expect(of(400, named('context_length_exceeded'))).toBeInstanceOf(TooLargeError)
    expect(of(400, named('unknown_parameter'))).not.toBeInstanceOf(TooLargeError)
  })

  it("takes Google's quota a minute for a wait, with its time", () => {
    const message = 'You exceeded your current quota, please check your plan and billing details.'
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.07s' }]
    const body = [{ error: { code: 429, message, status: 'RESOURCE_EXHAUSTED', details } }]
    expect(toRefusalError(readRefusal(body, 429))).toMatchObject({ code: 'MODEL_THROTTLED', retryAfterMs: 34_070 })
  })
})
