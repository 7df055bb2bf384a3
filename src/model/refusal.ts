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
 * with a number and `metadata`, Google's in a list with `status` and `details`, Cloudflare's with a list of errors, vLLM's
 * without the envelope, Ollama's and LM Studio's whose error is a string, MiniMax's `base_resp`.
 *
 * @param body parsed JSON, or the text itself
 * @param httpStatus 0 when it came in an answer
 */
export function readRefusal(body: unknown, httpStatus: number): Refusal {
  const outer = Array.isArray(body) ? body[0] : body
  if (!isJson(outer)) return { ...NOTHING, status: httpStatus, message: textOf(outer) }
  const told = [outer.error, outer.errors, outer.base_resp].flat()
  const fault = told.find(isJson) ?? outer
  const inner = [fault, fault.innererror, fault.inner_error, outer].filter(isJson)
  const details = Array.isArray(fault.details) ? fault.details.filter(isJson) : []
  const metadata = isJson(fault.metadata) ? fault.metadata : {}
  const words = [...inner.flatMap(({ code, type, status }) => [code, type, status]), ...details.map((it) => it.reason)]
  const message = [
    fault.message,
    fault.status_msg,
    fault.detail,
    textIn(fault.error),
    textIn(told),
    outer.message,
    metadata.raw,
  ]
  return {
    status: readStatus(fault, outer) ?? httpStatus,
    names: words
      .filter((word) => typeof word === 'string' && /[a-z]/i.test(word))
      .map((word) => `${word}`.toLowerCase()),
    message: [...new Set(message.map(textOf))].join(' ').trim(),
    param: textOf(fault.param),
    isModerated: Array.isArray(metadata.reasons) || metadata.flagged_input !== undefined || hasFiltered(inner),
    retryAfterMs: readDelay(details),
  }
}

/** MiniMax refuses with HTTP 200 and numbers of its own. */
const OF_MINIMAX: Record<string, number> = { 1002: 429, 1004: 401, 1008: 402, 2049: 401 }

function readStatus({ code, status, status_code, http_code }: Json, { base_resp }: Json): number | undefined {
  const number = [code, status, status_code, http_code].map(Number).find((number) => number >= 300 && number < 600)
  return number ?? (isJson(base_resp) ? OF_MINIMAX[String(base_resp.status_code)] : undefined)
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

/** The first text in it, where it is one or a list with one. */
const textIn = (value: unknown) => [value].flat().find((it) => typeof it === 'string')

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
