import type OpenAI from 'openai'
import { EnrichmentError } from '../errors.ts'
import { isJson, readRefusal } from './refusal.ts'
import { toRefusalError } from './to-model-error.ts'

const KEPT_BACK = /content_?filter|safety|sensitive|prohibited|blocklist|recitation|spii|refusal|guardrail/i
/** OpenRouter, Zhipu, DeepSeek. */
const FAILED = /^(error|network_error|insufficient_system_resource)$/i

/**
 * The text of a reply with status 200, if the model finished it. Everything is optional here: compatible hosts are only
 * so compatible, and gateways put failures of the host behind them into a 200.
 *
 * @throws EnrichmentError MODEL_BAD_ANSWER, MODEL_PROMPT_REFUSED, or what an error inside says
 */
export function readReply(reply: unknown): string {
  const outer = Array.isArray(reply) ? reply[0] : reply
  const choices = isJson(outer) && Array.isArray(outer.choices) ? outer.choices : []
  if (isJson(outer) && isRefusal(outer, choices.length > 0)) throw toRefusalError(readRefusal(outer, 0))
  const choice: Partial<OpenAI.ChatCompletion.Choice> & { error?: unknown } = isJson(choices[0]) ? choices[0] : {}
  if (choice.error) throw toRefusalError(readRefusal(choice.error, 0))
  const reason = String(choice.finish_reason ?? '')
  if (FAILED.test(reason))
    throw new EnrichmentError('MODEL_UNAVAILABLE', 'the model host fails in the middle of its answer')
  const refusal = choice.message?.refusal
  if (refusal) throw new EnrichmentError('MODEL_PROMPT_REFUSED', `the model refuses: ${String(refusal).slice(0, 200)}`)
  if (KEPT_BACK.test(reason))
    throw new EnrichmentError('MODEL_PROMPT_REFUSED', `the host keeps the answer back: ${reason.slice(0, 50)}`)
  if (/^(length|max_tokens|model_length)$/i.test(reason))
    throw new EnrichmentError('MODEL_BAD_ANSWER', "the model's answer was cut off at its length limit")
  const text = textOf(choice.message)
  if (text === '') throw new EnrichmentError('MODEL_BAD_ANSWER', 'the model host answered without a text')
  return text
}

/** Some hosts put an empty error beside their choices, others a refusal where the choices would be. */
function isRefusal(reply: Record<string, unknown>, hasChoices: boolean): boolean {
  if (reply.object === 'error') return true
  if (hasChoices) return Boolean(reply.error) && saysWhy(reply.error)
  // A message in parts is another API's answer.
  return Boolean(reply.error) || (!isJson(reply.message) && saysWhy(reply))
}

function saysWhy(told: unknown): boolean {
  const { status, message } = readRefusal(told, 0)
  return status !== 0 || message !== ''
}

/** The answer, or what stands where hosts put a reasoning model's words when it has no other. */
function textOf(message: unknown): string {
  if (!isJson(message)) return ''
  const { content, reasoning_content, reasoning, thinking } = message
  return [content, reasoning_content, reasoning, thinking].map(plain).find((text) => text.trim() !== '') ?? ''
}

/** Some hosts answer in parts: what is text in them, not what is thought. */
function plain(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part) => (isJson(part) && typeof part.text === 'string' ? part.text : '')).join('')
}
