import { APIError } from 'openai'
import { EnrichmentError } from '../errors.ts'
import { type Refusal, readRefusal } from './refusal.ts'

/** The question is longer than the host takes: fewer candidates may pass. */
export class TooLargeError extends EnrichmentError {}

/** What the client threw, by our codes. Never holds the key: hosts repeat parts of it in their refusals. */
export function toModelError(thrown: unknown): EnrichmentError {
  if (thrown instanceof EnrichmentError) return thrown
  // The client reads the body of a success itself; what is not JSON falls out of it as it is.
  if (thrown instanceof SyntaxError)
    return new EnrichmentError('MODEL_BAD_ANSWER', 'the model host answered something else than JSON', {
      cause: thrown,
    })
  if (!(thrown instanceof APIError) || thrown.status === undefined) return toUnreachable(thrown)
  return toRefusalError(refusalOf(thrown), readRetryAfter(thrown.headers, Date.now()))
}

/** The refusal that the client threw; the host's body stands whole in its `error` (see the client's `fetch`). */
export function refusalOf({ error, status }: APIError): Refusal {
  return readRefusal((error as { body?: unknown } | undefined)?.body, Number(status))
}

const QUOTA =
  /quota|billing|credit(?!ential)|balance|arrear|payment|usage.?limit|spend|budget|access_terminated|insufficient|overdue|plan.?limit/
const QUOTA_TEXT =
  /credit balance|(insufficient|not enough|no|out of|more) (credits?|balance|funds|quota)|exceeded your current quota|billing|(spend(ing)?|usage|budget|credit) (limit|cap)|payment (is )?required|account is (not active|overdue|in arrears|suspended)|top up|prepaid/i
const RATE = /rate.?limit|rate.?quota|too_?many_?requests|throttl|resource_?exhausted|slow_?down|^requests$|^tokens$/
const TOO_LARGE = /context.?(length|size|window)|too.?large|too.?long|string_above_max_length|exceed_context/
const TOO_LARGE_TEXT =
  /(request|prompt|input|message|payload)s? (is |are |was )?too (large|long)|maximum context|context (length|size|window)|exceeds? the (model's )?(available|maximum|max)|reduce (the length|your message)/i
const REFUSED =
  /content.?(filter|policy|management)|moderation|invalid_prompt|responsible|safety|data_?inspection|sensitive|prohibited|guardrail|flagged|refusal|blocked_(by|prompt)|policy_violation/
const REFUSED_TEXT =
  /content (management )?(policy|filter)|content_filter|(was|were|been|got) (flagged|filtered)|flagged (as|by|for)|moderation|usage polic|safety (system|polic|filter|setting)|responsible ai|exists risk|inappropriate|prohibited content|violat\w{1,5} (our|the|of|any|\w+'s)|blocked by/i
const KEY =
  /invalid_?api_?key|api_?key_?invalid|incorrect_api_key|authentication|unauthorized|unauthenticated|invalid_token/
const KEY_TEXT = /api key (is )?(not valid|invalid|expired)|(invalid|incorrect|missing) (api )?key/i
const UNKNOWN_MODEL =
  /model_?not_?(found|available|supported|allowed)|deployment_?not_?found|(invalid|unknown|unsupported|no_such)_?model/
const UNKNOWN_MODEL_TEXT =
  /\bmodels?\b.{0,150}?\b(not (be )?(found|exist|available)|does(n't| not) exist|inaccessible|not have access)|(invalid|unknown|unsupported|not a valid) model\b|model (identifier|id|name) is invalid|no endpoints found|access to model/i
const AWAY = /overload|server_?error|unavailable|time_?d?_?out|bad_gateway|engine/
/** Groq: the model's own answer did not pass the schema. */
const BAD_ANSWER = /json_validate_failed|failed_generation|tool_use_failed/

/**
 * The words in the body outweigh its number, and that the HTTP status: gateways answer 200 with a 429 inside, hosts say
 * "no credit" with 400, 403 and 429, and one moderated prompt is no refused key.
 *
 * @param waitMs from the headers
 */
export function toRefusalError(refusal: Refusal, waitMs?: number): EnrichmentError {
  const { status, names, message, isModerated } = refusal
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name))
  const told = message === '' ? names.join(' ') : message
  const words = `${status === 0 ? '' : `HTTP ${status}`} ${told}`.trim().slice(0, 200)

  if (status === 413 || has(TOO_LARGE) || (!isServerFault(status) && TOO_LARGE_TEXT.test(message)))
    return new TooLargeError('MODEL_INVALID_REQUEST', `the question is too large for the model host: ${words}`)
  const isQuota = names.some((name) => QUOTA.test(name) && !RATE.test(name)) || status === 402
  // Google tells of its quotas a minute in the words that others have for an empty account.
  const isQuotaText = status >= 400 && !isServerFault(status) && !has(/resource_?exhausted/) && QUOTA_TEXT.test(message)
  if (isQuota || isQuotaText)
    return new EnrichmentError('MODEL_QUOTA_SPENT', `the account at the model host has no credit left: ${words}`)
  // Never the album's fault, and a project without the model hears it as a 403.
  const isAsked = [400, 403, 404, 422].includes(status)
  if (has(UNKNOWN_MODEL) || (isAsked && UNKNOWN_MODEL_TEXT.test(message))) return unknownModel(words)
  if (has(KEY) || KEY_TEXT.test(message) || status === 401) return badCredentials(status)
  if (has(RATE) && status !== 400) return throttled(refusal, waitMs)
  if (!isServerFault(status) && (isModerated || has(REFUSED) || REFUSED_TEXT.test(message)))
    return new EnrichmentError('MODEL_PROMPT_REFUSED', `the model host refuses this question: ${words}`)
  if (has(BAD_ANSWER)) return new EnrichmentError('MODEL_BAD_ANSWER', `the model answered outside the schema: ${words}`)
  if (status === 403) return badCredentials(status)
  if (status === 429 || has(RATE)) return throttled(refusal, waitMs)
  if (status === 404) return unknownModel(words)
  if (!has(AWAY) && (status === 400 || status === 422))
    return new EnrichmentError('MODEL_INVALID_REQUEST', `the model host calls the request invalid: ${words}`)
  return new EnrichmentError('MODEL_UNAVAILABLE', `the model host fails: ${words}`)
}

const isServerFault = (status: number) => status >= 500

function unknownModel(words: string): EnrichmentError {
  return new EnrichmentError(
    'MODEL_NOT_FOUND',
    `the model host does not know what it is asked for: ${words}; check MODEL_NAME and OPENAI_BASE_URL`,
  )
}

function badCredentials(status: number): EnrichmentError {
  const how = status === 0 ? '' : ` (HTTP ${status})`
  return new EnrichmentError(
    'MODEL_BAD_CREDENTIALS',
    `the model host refuses the API key${how}: check OPENAI_API_KEY and OPENAI_BASE_URL`,
  )
}

function throttled(refusal: Refusal, waitMs: number | undefined): EnrichmentError {
  const retryAfterMs = waitMs ?? refusal.retryAfterMs
  return new EnrichmentError('MODEL_THROTTLED', 'the model host asks to slow down', {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

function toUnreachable(thrown: unknown): EnrichmentError {
  // The client says no more than "Connection error." of all that may have gone wrong below it.
  let cause = thrown
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause
  // Node joins the failures of all addresses of a host into one error without a message.
  const { code, message } = (cause instanceof Error ? cause : { message: String(cause) }) as NodeJS.ErrnoException
  return new EnrichmentError('MODEL_UNAVAILABLE', `the model host cannot be reached: ${message || code}`, {
    cause: thrown,
  })
}

/** Milliseconds to wait, from `retry-after-ms` (OpenAI's own) or `Retry-After` (RFC 9110: seconds or a date). */
export function readRetryAfter(headers: Headers | undefined, now: number): number | undefined {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN)
  if (exact >= 0) return exact
  const given = headers?.get('retry-after')
  if (given === null || given === undefined) return undefined
  const seconds = Number(given)
  const wait = Number.isNaN(seconds) ? Date.parse(given) - now : seconds * 1000
  return wait >= 0 ? wait : undefined
}
