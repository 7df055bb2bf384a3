/** What a host says when it does not answer, whatever its dialect. */
export interface Refusal {
  /** The number in the body where there is one, else the HTTP status; 0: neither is known. */
  status: number
  /** The words in `code`, `type` and the like, in lower case. */
  names: string[]
  /** For people, and where a host has no names. */
  message: string
  /** The parameter that it blames. */
  param: string
  /** A moderator names its reasons. */
  isModerated: boolean
  /** How long to wait, told in the body, in milliseconds. */
  retryAfterMs: number | undefined
}

type Json = Record<string, unknown>

/**
 * Reads the body of a refusal: OpenAI's `{error: {message, type, param, code}}`, Azure's with `innererror`, OpenRouter's
 * with a number and `metadata`, Google's in a list with `status` and `details`, vLLM's without the envelope, Ollama's and
 * LM Studio's whose error is a string.
 *
 * @param body parsed JSON, or the text itself
 * @param httpStatus 0 when it came in an answer
 */
export function readRefusal(body: unknown, httpStatus: number): Refusal {
  const outer = Array.isArray(body) ? body[0] : body
  const fault = isJson(outer) ? (outer.error ?? firstOf(outer.errors) ?? outer) : outer
  if (!isJson(fault)) return { ...NOTHING, status: httpStatus, message: textOf(fault) }
  const inner = [fault, fault.innererror, fault.inner_error, isJson(outer) ? outer : null].filter(isJson)
  const details = Array.isArray(fault.details) ? fault.details.filter(isJson) : []
  const metadata = isJson(fault.metadata) ? fault.metadata : {}
  const numbers = [fault.code, fault.status, fault.status_code, fault.http_code].map(Number)
  const words = [...inner.flatMap(({ code, type, status }) => [code, type, status]), ...details.map((it) => it.reason)]
  const message = [fault.message, fault.detail, typeof fault.error === 'string' ? fault.error : null, metadata.raw]
  return {
    status: numbers.find((number) => number >= 300 && number < 600) ?? httpStatus,
    names: words
      .filter((word) => typeof word === 'string' && /[a-z]/i.test(word))
      .map((word) => `${word}`.toLowerCase()),
    message: message.map(textOf).join(' ').trim(),
    param: textOf(fault.param),
    isModerated: Array.isArray(metadata.reasons) || metadata.flagged_input !== undefined || hasFiltered(inner),
    retryAfterMs: readDelay(details),
  }
}

const NOTHING = { names: [], param: '', isModerated: false, retryAfterMs: undefined }

/** Azure's content_filter_result names each filter and whether it struck. */
function hasFiltered(faults: Json[]): boolean {
  const results = faults.flatMap(({ content_filter_result, content_filter_results }) => [
    content_filter_result,
    content_filter_results,
  ])
  return results.some(
    (result) => isJson(result) && Object.values(result).some((it) => isJson(it) && it.filtered === true),
  )
}

/** Google's RetryInfo: "34.07s". */
function readDelay(details: Json[]): number | undefined {
  const seconds = details.map(({ retryDelay }) => /^([\d.]+)s$/.exec(textOf(retryDelay))?.[1]).find((it) => it)
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000)
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 4_000)
}

const firstOf = (value: unknown) => (Array.isArray(value) ? value[0] : undefined)

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
