import { APIError } from 'openai'
import { EnrichmentError } from '../errors.ts'
import { type Refusal, readRefusal } from './refusal.ts'
import {
  AWAY,
  hasName,
  hasWords,
  isBadAnswer,
  isSpent,
  isTooLarge,
  KEY,
  RATE,
  REFUSED,
  UNKNOWN_MODEL,
} from './refusal-signs.ts'

/** The question is longer than the host takes: fewer candidates may pass. */
export class TooLargeError extends EnrichmentError {}

/** What the client threw, by our codes. The key was taken out of what hosts say (see the client's `fetch`). */
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

/**
 * The names in the body outweigh its words, both its number, and that the HTTP status: gateways answer 200 with a 429
 * inside, hosts say "no credit" with 400, 403 and 429, and one moderated prompt is no refused key.
 *
 * @param waitMs from the headers
 */
export function toRefusalError(refusal: Refusal, waitMs?: number): EnrichmentError {
  const { status, names, message, isModerated } = refusal
  const told = message === '' ? names.join(' ') : message
  const words = `${status === 0 ? '' : `HTTP ${status}`} ${told}`.trim().slice(0, 200)
  const isOfHost = status >= 500

  if (isBadAnswer(refusal))
    return new EnrichmentError('MODEL_BAD_ANSWER', `the model did not finish its answer: ${words}`)
  if (isTooLarge(refusal))
    return new TooLargeError('MODEL_INVALID_REQUEST', `the question is too large for the model host: ${words}`)
  if (isSpent(refusal))
    return new EnrichmentError('MODEL_QUOTA_SPENT', `the account at the model host has no credit left: ${words}`)
  // Never the album's fault, and a project without the model hears it as a 403.
  const isAsked = [400, 403, 404, 422].includes(status)
  if (hasName(refusal, UNKNOWN_MODEL) || (isAsked && hasWords(refusal, UNKNOWN_MODEL))) return unknownModel(words)
  const isOfKey = hasName(refusal, KEY) || status === 401 || (!isOfHost && hasWords(refusal, KEY))
  if (isOfKey) return badCredentials(words)
  if (hasName(refusal, RATE) && status !== 400) return throttled(refusal, waitMs)
  if (!isOfHost && (isModerated || hasName(refusal, REFUSED) || hasWords(refusal, REFUSED)))
    return new EnrichmentError('MODEL_PROMPT_REFUSED', `the model host refuses this question: ${words}`)
  const isRate = status === 429 || hasName(refusal, RATE) || ([0, 403].includes(status) && hasWords(refusal, RATE))
  if (isRate) return throttled(refusal, waitMs)
  if (status === 403) return badCredentials(words)
  if (NO_SUCH_ADDRESS.includes(status)) return unknownModel(words)
  const isAway = hasName(refusal, AWAY) || hasWords(refusal, AWAY)
  if (!isAway && status >= 400 && !isOfHost && !PASSING.includes(status))
    return new EnrichmentError('MODEL_INVALID_REQUEST', `the model host calls the request invalid: ${words}`)
  return new EnrichmentError('MODEL_UNAVAILABLE', `the model host fails: ${words}`)
}

const NO_SUCH_ADDRESS = [404, 405, 410]
/** Of the moment, not of the question: time-outs, conflicts, locks, and connections that went. */
const PASSING = [408, 409, 423, 425, 498, 499]

function unknownModel(words: string): EnrichmentError {
  return new EnrichmentError(
    'MODEL_NOT_FOUND',
    `the model host does not know what it is asked for: ${words}; check MODEL_NAME and OPENAI_BASE_URL`,
  )
}

/** Its region or network too: the host's own words say what is to be mended. */
function badCredentials(words: string): EnrichmentError {
  return new EnrichmentError(
    'MODEL_BAD_CREDENTIALS',
    `the model host refuses the API key: ${words}; check OPENAI_API_KEY and OPENAI_BASE_URL`,
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
