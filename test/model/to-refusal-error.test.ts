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

const says = (message: string) => ({ error: { message } })
const limitOf = (what: string) =>
  `Rate limit reached on ${what}: Limit 8000, Used 7400, Requested 1200. Please try again in 2.9s.`
const BILLING = 'Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing'

/** What was taken for something else before, by the kind that it is. */
const KINDS: [ErrorCode, number, unknown][] = [
  // A moderated question is no refused key, whatever the status.
  ['MODEL_PROMPT_REFUSED', 403, { code: 'no permission', error: 'Content violates usage guidelines. Failed check: X' }],
  ['MODEL_PROMPT_REFUSED', 403, { error: 'Failed check: SAFETY_CHECK_TYPE_BIO' }],
  ['MODEL_PROMPT_REFUSED', 446, { error: { message: 'The guardrail checks defined in the config failed.' } }],
  ['MODEL_PROMPT_REFUSED', 446, named('hooks_failed')],
  ['MODEL_PROMPT_REFUSED', 424, { error: [{ code: 2016, message: 'Prompt blocked due to security configurations' }] }],
  ['MODEL_PROMPT_REFUSED', 400, says('The request was rejected because it was considered high risk')],
  ['MODEL_PROMPT_REFUSED', 400, says('系统检测到输入或生成内容可能包含不安全或敏感内容')],
  ['MODEL_INVALID_REQUEST', 424, says('failed dependency')],
  ['MODEL_NOT_FOUND', 404, says('No endpoints available matching your guardrail restrictions and data policy')],
  // A limit of a minute is no empty account.
  ['MODEL_THROTTLED', 429, named('rate_limit_exceeded', 'tokens', `${limitOf('tokens per minute (TPM)')} ${BILLING}`)],
  ['MODEL_THROTTLED', 429, says(`${limitOf('tokens per day (TPD)')} ${BILLING}`)],
  ['MODEL_THROTTLED', 429, says('Slow down. See console.groq.com/settings/billing.')],
  [
    'MODEL_THROTTLED',
    429,
    named('rate_limit_exceeded', 'requests', 'You can raise it under Billing: payment is required'),
  ],
  ['MODEL_THROTTLED', 429, named('request_quota_exceeded', 'too_many_requests_error', 'Requests per minute exceeded')],
  ['MODEL_THROTTLED', 429, named('token_quota_exceeded', 'too_many_tokens_error', 'too many tokens processed.')],
  ['MODEL_THROTTLED', 429, named('429', null, 'Your request exceeds the maximum usage size allowed during peak load.')],
  ['MODEL_THROTTLED', 429, says('Your prompt is too long for now. Please retry after 20 seconds.')],
  ['MODEL_THROTTLED', 429, named('Throttling.AllocationQuota', null, 'Allocated quota exceeded')],
  ['MODEL_THROTTLED', 200, { code: 'rate_limit_daily', message: 'daily limit reached' }],
  ['MODEL_THROTTLED', 200, { choices: null, base_resp: { status_code: 1002, status_msg: 'limit' } }],
  ['MODEL_THROTTLED', 498, named('capacity_exceeded')],
  // And an empty account is no limit of a minute.
  ['MODEL_QUOTA_SPENT', 429, named('429', 'throttling_error', 'RateLimitError: You exceeded your current quota')],
  ['MODEL_QUOTA_SPENT', 400, named('400', 'auth_error', 'ExceededBudget: End User=x over budget. Spend=2, Budget=1')],
  ['MODEL_QUOTA_SPENT', 400, says('OpenAIException - Budget has been exceeded! Current cost: 114.2, Max budget: 100')],
  ['MODEL_QUOTA_SPENT', 429, says('No deployments available - crossed budget: 0.363 >= 0.3')],
  ['MODEL_QUOTA_SPENT', 429, { error: { code: '1113', message: '余额不足或无可用资源包,请充值。' } }],
  ['MODEL_QUOTA_SPENT', 403, says('预扣费额度失败, 用户剩余额度: ¥0.23')],
  ['MODEL_QUOTA_SPENT', 500, { type: 'error', error: { type: 'api_error', message: 'insufficient balance (1008)' } }],
  ['MODEL_QUOTA_SPENT', 200, { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }],
  ['MODEL_QUOTA_SPENT', 403, { statusCode: 403, message: 'Out of call volume quota. Replenished in 02:21:00.' }],
  ['MODEL_UNAVAILABLE', 500, '<html>billing</html>'],
  // The account, and where it asks from.
  [
    'MODEL_BAD_CREDENTIALS',
    400,
    [{ error: { code: 400, message: 'User location is not supported for the API use.' } }],
  ],
  ['MODEL_BAD_CREDENTIALS', 403, says('Your access was terminated due to violation of our policies')],
  ['MODEL_BAD_CREDENTIALS', 200, { base_resp: { status_code: 1004, status_msg: 'login fail' } }],
  ['MODEL_BAD_CREDENTIALS', 401, { error: [{ code: 2009, message: 'Unauthorized' }] }],
  // What is asked for, and the host itself: no album's fault.
  ['MODEL_NOT_FOUND', 400, named('model_decommissioned')],
  ['MODEL_NOT_FOUND', 400, says('The model `x` has been decommissioned and is no longer supported.')],
  ['MODEL_NOT_FOUND', 400, named('dedicated_endpoint_not_running')],
  ['MODEL_NOT_FOUND', 400, says('together-ai error: Unable to access non-serverless model x.')],
  ['MODEL_NOT_FOUND', 400, { error: { code: '1211', message: '模型不存在，请检查模型代码。' } }],
  ['MODEL_NOT_FOUND', 400, named('OperationNotSupported')],
  ['MODEL_NOT_FOUND', 400, { error: [{ code: 2008, message: 'Invalid provider' }] }],
  ['MODEL_NOT_FOUND', 405, { detail: 'Method Not Allowed' }],
  [
    'MODEL_UNAVAILABLE',
    400,
    { error: 'Failed to load model "x". Error: insufficient system resources; see guardrails' },
  ],
  ['MODEL_UNAVAILABLE', 400, { error: 'Model unloaded.' }],
  ['MODEL_UNAVAILABLE', 400, named('400', 'no_db_connection', 'No connected db.')],
  ['MODEL_UNAVAILABLE', 499, says('Client Closed Request')],
  // One answer of the model.
  ['MODEL_BAD_ANSWER', 400, says('Could not finish the message because max_tokens or model output limit was reached.')],
]

describe('toRefusalError', () => {
  it.each([...CASES, ...KINDS])('%s: %d %j', (code, status, body) => {
    expect(toRefusalError(readRefusal(body, status === 200 ? 0 : status)).code).toBe(code)
  })

  it('tells a question that is too large from one that is wrong', () => {
    const of = (status: number, body: unknown) => toRefusalError(readRefusal(body, status))
    expect(of(413, '')).toBeInstanceOf(TooLargeError)
    expect(of(400, named('context_length_exceeded'))).toBeInstanceOf(TooLargeError)
    expect(of(400, named('unknown_parameter'))).not.toBeInstanceOf(TooLargeError)
  })

  it.each([
    "This model's maximum prompt length is 131072 but the request contains 136973 tokens.",
    'too many tokens: size limit exceeded by 11326 tokens. Try using shorter or fewer inputs.',
    '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]',
    'Your request exceeded model token limit: 8192 (requested: 12900)',
    'input length and `max_tokens` exceed context limit: 199000 + 12000 > 200000',
    'The decoder prompt (length 9000) is longer than the maximum model length of 8192.',
  ])('takes it for too large: %s', (message) => {
    expect(toRefusalError(readRefusal(says(message), 400))).toBeInstanceOf(TooLargeError)
  })

  it('says in the words of the host why it refuses a key', () => {
    const message = 'Access denied due to Virtual Network/Firewall rules.'
    expect(toRefusalError(readRefusal(says(message), 403)).message).toContain(`HTTP 403 ${message}`)
  })

  it("takes Google's quota a minute for a wait, with its time", () => {
    const message = 'You exceeded your current quota, please check your plan and billing details.'
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.07s' }]
    const body = [{ error: { code: 429, message, status: 'RESOURCE_EXHAUSTED', details } }]
    expect(toRefusalError(readRefusal(body, 429))).toMatchObject({ code: 'MODEL_THROTTLED', retryAfterMs: 34_070 })
  })
})
