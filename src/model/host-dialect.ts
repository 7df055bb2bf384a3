import type OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { readAnswerRoom } from './answer-room.ts'
import { ANSWER_SCHEMA } from './read-answer.ts'
import type { Refusal } from './refusal.ts'
import { isBadAnswer, isTooLarge, wordsOf } from './refusal-signs.ts'

type Request = OpenAI.ChatCompletionCreateParamsNonStreaming

/** Which name the limit of the answer has, and how many tokens it allows. */
interface Limit {
  limit: number
  tokens: number
}

/** A way to ask. */
export interface Manner extends Limit {
  format: number
  /** The limit was changed for one question; any other is asked with this one. */
  forOthers?: Limit
}

/** From the strictest: a host that does not know one may know the next. Each answer is checked all the same. */
const FORMATS: { name: string; fields: Partial<Request> }[] = [
  { name: 'json_schema', fields: { response_format: answerFormat() } },
  { name: 'json_object', fields: { response_format: { type: 'json_object' } } },
  { name: 'plain text', fields: {} },
]
const LIMITS = ['max_completion_tokens', 'max_tokens', 'no limit'] as const
const PLAIN = FORMATS.length - 1
const NO_LIMIT = LIMITS.length - 1

/**
 * Most tokens of an answer. Thirty verdicts take 2,000; models that reason think with the same tokens, and one that is
 * cut off has been paid for nothing.
 */
const MAX_ANSWER_TOKENS = 12_000
/** An answer with less room than this is cut off: then the question is too long. */
const LEAST_ANSWER_TOKENS = 500

const NAMES_LIMIT = /max_?(completion_?|output_?|new_?)?tokens/i
const NAMES_FORMAT =
  /response_?(format|schema)|response format|json.?(schema|object|mode)|structured.?output|guided|grammar|\bschema\b|should be ['"]text['"]/i
const UNKNOWN =
  /un(supported|known|recognized)|not (supported|allowed|permitted|implemented)|does not support|extra inputs/i
const WRONG_VALUE = /invalid|unavailable|not available|(must|should) be|range|exceeds?|too large/i
const REFUSED_AS_ASKED = [400, 404, 415, 422, 500, 501]

/** How a host wants to be asked: found out by being refused, remembered as long as the process lives. */
export class HostDialect {
  #known: Manner = { format: 0, limit: 0, tokens: MAX_ANSWER_TOKENS }
  readonly #onChange: (now: { format: string; limit: string; why: string }) => void

  /** @param onChange told once for each thing that the host turns out not to know */
  constructor(onChange: (now: { format: string; limit: string; why: string }) => void = () => undefined) {
    this.#onChange = onChange
  }

  /** What to begin with. */
  get manner(): Manner {
    return this.#known
  }

  /**
   * From now on all are asked so. To be called once it has brought an answer: of what was refused in every manner, the
   * manner was not at fault.
   *
   * @param why what the host said to the one before
   */
  keep({ format, forOthers, ...forOne }: Manner, why: string): void {
    const { limit, tokens } = forOthers ?? forOne
    const old = this.#known
    if (format === old.format && limit === old.limit && tokens === old.tokens) return
    this.#known = { format, limit, tokens }
    const limitName = LIMITS[limit] as string
    this.#onChange({
      format: FORMATS[format]?.name as string,
      limit: limit === NO_LIMIT ? limitName : `${limitName} ${tokens}`,
      why: why.slice(0, 200),
    })
  }
}

/** What a request says beside its words. */
export function fieldsOf({ format, limit, tokens }: Manner): Partial<Request> {
  return { ...FORMATS[format]?.fields, ...(limit === NO_LIMIT ? {} : { [LIMITS[limit] as string]: tokens }) }
}

/** What to try where a host refuses the manner of asking, as it may, and not the question; null where it does not. */
export function nextManner(manner: Manner, refusal: Refusal): Manner | null {
  if (isBadAnswer(refusal)) return null
  const words = wordsOf(refusal)
  // Every refusal of OpenAI's is of this type.
  const names = refusal.names.filter((name) => !name.startsWith('invalid_request'))
  const about = `${refusal.param} ${words} ${names.join(' ')}`
  // A page of an error has all kinds of words.
  const isRefused = REFUSED_AS_ASKED.includes(refusal.status) && !/^\s{0,9}<(!doctype|html)/i.test(words)
  const other = otherLimit(manner, refusal, about, isRefused)
  if (other !== null) return other
  return isRefused && manner.format < PLAIN && NAMES_FORMAT.test(about)
    ? { ...manner, format: manner.format + 1 }
    : null
}

function otherLimit(manner: Manner, refusal: Refusal, about: string, isRefused: boolean): Manner | null {
  if (manner.limit === NO_LIMIT) return null
  const isTooLong = isTooLarge(refusal)
  if (!isTooLong && !(isRefused && NAMES_LIMIT.test(about))) return null
  const { limit, tokens, forOthers } = manner
  const next = { ...manner, limit: limit + 1, ...(forOthers && { forOthers: { ...forOthers, limit: limit + 1 } }) }
  if (!isTooLong && UNKNOWN.test(about)) return next
  if (forOthers === undefined) {
    const room = readAnswerRoom(refusal, tokens)
    if (room !== undefined && room.tokens < LEAST_ANSWER_TOKENS) return null
    if (room !== undefined) return { ...manner, tokens: room.tokens, forOthers: { limit, tokens: room.toOthers } }
    if (!isTooLong) return WRONG_VALUE.test(about) ? next : null
  }
  if (!isRefused) return null
  // What is too long may count the answer's tokens, whether the host says so or not. But a question that takes more than
  // half of the context says nothing of others.
  const isOfOne = forOthers !== undefined && forOthers.tokens > tokens
  return { ...manner, limit: NO_LIMIT, forOthers: isOfOne ? forOthers : { limit: NO_LIMIT, tokens } }
}

/** `$schema` is no part of what hosts understand, and some refuse it. */
function answerFormat(): OpenAI.ResponseFormatJSONSchema {
  const { type, json_schema } = zodResponseFormat(ANSWER_SCHEMA, 'verdicts')
  const { $schema, ...schema } = json_schema.schema as Record<string, unknown>
  return { type, json_schema: { ...json_schema, schema } }
}
