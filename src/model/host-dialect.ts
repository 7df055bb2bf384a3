import type OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { ANSWER_SCHEMA } from './read-answer.ts'
import type { Refusal } from './refusal.ts'

type Request = OpenAI.ChatCompletionCreateParamsNonStreaming
type Manner = { name: string; fields: Partial<Request> }

/** From the strictest: a host that does not know one may know the next. Each answer is checked all the same. */
const FORMATS: Manner[] = [
  { name: 'json_schema', fields: { response_format: answerFormat() } },
  { name: 'json_object', fields: { response_format: { type: 'json_object' } } },
  { name: 'plain text', fields: {} },
]

/**
 * Most tokens of an answer. Thirty verdicts take 2,000; models that reason think with the same tokens, and one that is
 * cut off has been paid for nothing.
 */
const MAX_ANSWER_TOKENS = 12_000
const LIMITS: Manner[] = [
  { name: 'max_completion_tokens', fields: { max_completion_tokens: MAX_ANSWER_TOKENS } },
  { name: 'max_tokens', fields: { max_tokens: MAX_ANSWER_TOKENS } },
  { name: 'no limit', fields: {} },
]

const NAMES_LIMIT = /max_(completion_|output_|new_)?tokens/i
const NAMES_FORMAT = /response.?format|json.?(schema|object|mode)|structured.?output|guided|grammar|\bschema\b/i
const NOT_SUPPORTED =
  /not (supported|allowed|permitted|available|implemented)|unsupported|unavailable|unknown|unrecognized|invalid|must be|extra inputs|too large|does not support/i

/** How a host wants to be asked: found out by being refused, remembered as long as the process lives. */
export class HostDialect {
  #format = 0
  #limit = 0
  readonly #onChange: (now: { format: string; limit: string; why: string }) => void

  /** @param onChange told once for each thing that the host turns out not to know */
  constructor(onChange: (now: { format: string; limit: string; why: string }) => void = () => undefined) {
    this.#onChange = onChange
  }

  /** What a request says beside its words. */
  get fields(): Partial<Request> {
    return { ...FORMATS[this.#format]?.fields, ...LIMITS[this.#limit]?.fields }
  }

  /**
   * Whether the host refused the manner of asking and not the question: then `fields` are others now.
   *
   * @param sent the fields of the request that was refused; of two albums asked at once both learn from one change
   */
  learn({ status, message, param, names }: Refusal, sent: Partial<Request>): boolean {
    if (![400, 404, 415, 422, 501].includes(status)) return false
    if (this.fields.response_format !== sent.response_format || this.#limitChanged(sent)) return true
    const about = `${param} ${message} ${names.join(' ')}`
    if (!NOT_SUPPORTED.test(about)) return false
    if (NAMES_LIMIT.test(about) && this.#limit < LIMITS.length - 1) this.#limit += 1
    else if (NAMES_FORMAT.test(about) && this.#format < FORMATS.length - 1) this.#format += 1
    else return false
    const { name: format } = FORMATS[this.#format] as Manner
    const { name: limit } = LIMITS[this.#limit] as Manner
    this.#onChange({ format, limit, why: message.slice(0, 200) })
    return true
  }

  #limitChanged(sent: Partial<Request>): boolean {
    const { max_completion_tokens, max_tokens } = this.fields
    return sent.max_completion_tokens !== max_completion_tokens || sent.max_tokens !== max_tokens
  }
}

/** `$schema` is no part of what hosts understand, and some refuse it. */
function answerFormat(): OpenAI.ResponseFormatJSONSchema {
  const { type, json_schema } = zodResponseFormat(ANSWER_SCHEMA, 'verdicts')
  const { $schema, ...schema } = json_schema.schema as Record<string, unknown>
  return { type, json_schema: { ...json_schema, schema } }
}
