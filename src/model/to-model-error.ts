import { APIError } from 'openai'
import { EnrichmentError } from '../errors.ts'

/** What the client threw, by our codes. Never holds the key: hosts repeat parts of it in their refusals. */
export function toModelError(thrown: unknown): EnrichmentError {
  if (thrown instanceof EnrichmentError) return thrown
  // The client reads the body of a success itself; what is not JSON falls out of it as it is.
  if (thrown instanceof SyntaxError)
    return new EnrichmentError('MODEL_BAD_ANSWER', 'the model host answered something else than JSON', {
      cause: thrown,
    })
  if (!(thrown instanceof APIError) || thrown.status === undefined) return toUnreachable(thrown)

  const { status } = thrown
  if (status === 401 || status === 403)
    return new EnrichmentError(
      'MODEL_BAD_CREDENTIALS',
      `the model host refuses the API key (HTTP ${status}): check OPENAI_API_KEY and OPENAI_BASE_URL`,
    )
  // 429 has two meanings: too fast, and out of credit, which no waiting mends. Gateways also say 402.
  if (status === 402 || thrown.code === 'insufficient_quota' || thrown.type === 'insufficient_quota')
    return new EnrichmentError('MODEL_QUOTA_SPENT', 'the account at the model host has no credit left: add some', {
      cause: thrown,
    })
  if (status === 429) return toThrottled(thrown)
  if (status === 400 || status === 404 || status === 422)
    return new EnrichmentError(
      'MODEL_INVALID_REQUEST',
      `the model host calls the request invalid (HTTP ${status}): ${thrown.message.slice(0, 200)}; check MODEL_NAME`,
      { cause: thrown },
    )
  return new EnrichmentError('MODEL_UNAVAILABLE', `the model host fails (HTTP ${status})`, { cause: thrown })
}

function toUnreachable(thrown: unknown): EnrichmentError {
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  return new EnrichmentError('MODEL_UNAVAILABLE', `the model host cannot be reached: ${why}`, { cause: thrown })
}

function toThrottled(refusal: APIError): EnrichmentError {
  const retryAfterMs = readRetryAfter(refusal.headers, Date.now())
  return new EnrichmentError('MODEL_THROTTLED', 'the model host asks to slow down', {
    cause: refusal,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
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
