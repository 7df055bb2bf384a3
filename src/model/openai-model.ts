import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import type { Album, Product } from '../album.ts'
import { EnrichmentError } from '../errors.ts'
import { buildPrompt, PROMPT_VERSION } from './build-prompt.ts'
import type { Model, ModelAnswer } from './model.ts'
import { ANSWER_SCHEMA, readAnswer } from './read-answer.ts'
import { toModelError } from './to-model-error.ts'

interface Settings {
  /** A function is asked for each call. */
  apiKey: string | (() => Promise<string>)
  /** Base URL of a host that speaks OpenAI's chat completions, for example https://api.openai.com/v1. */
  baseUrl: string
  /** The model's name at that host. */
  name: string
  /** How long a whole call may take, the reading of the answer included. */
  timeoutMs: number
  /** How requests are made; absent: by Node's own. */
  fetch?: typeof fetch
}

/** A model behind OpenAI's chat completions with structured outputs. */
export function createOpenAiModel({ apiKey, baseUrl, name, timeoutMs, fetch }: Settings): Model {
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    ...(fetch && { fetch }),
    // Retries are the worker's: the client's own ignore long Retry-After times and would hide failures from the lane.
    maxRetries: 0,
    logLevel: 'off',
    // Otherwise read from the environment behind our back.
    organization: null,
    project: null,
  })
  const responseFormat = zodResponseFormat(ANSWER_SCHEMA, 'verdicts')

  return {
    async judge(album: Album, products: Product[], signal: AbortSignal): Promise<ModelAnswer> {
      const { instructions, question, order } = buildPrompt(album, products)
      // The client's own time-out ends with the answer's head; a stalled body would hang for ever.
      const deadline = AbortSignal.timeout(timeoutMs)
      try {
        const completion: OpenAI.ChatCompletion | null = await client.chat.completions.create(
          {
            model: name,
            messages: [
              { role: 'system', content: instructions },
              { role: 'user', content: question },
            ],
            // No temperature: the models that reason refuse it.
            response_format: responseFormat,
          },
          { signal: AbortSignal.any([signal, deadline]), timeout: timeoutMs },
        )
        const verdicts = readAnswer(textOf(completion), order.length)
        const byProduct = new Map(order.map((product, index) => [product, verdicts[index]]))
        return {
          verdicts: products.map((product) => byProduct.get(product) ?? { verdict: 'open', reason: '' }),
          use: {
            name,
            promptVersion: PROMPT_VERSION,
            // Compatible hosts leave the usage out at will.
            inputTokens: completion?.usage?.prompt_tokens ?? 0,
            outputTokens: completion?.usage?.completion_tokens ?? 0,
          },
        }
      } catch (thrown) {
        if (signal.aborted) throw signal.reason
        if (deadline.aborted)
          throw new EnrichmentError('MODEL_UNAVAILABLE', `the model did not answer in ${timeoutMs / 1000} s`, {
            cause: thrown,
          })
        throw toModelError(thrown)
      }
    },
  }
}

/** The answer's text, if the model finished it. Everything is optional here: compatible hosts are only so compatible. */
function textOf(completion: Partial<OpenAI.ChatCompletion> | null): string {
  const choice = completion?.choices?.[0]
  const refusal = choice?.message?.refusal
  if (refusal) throw new EnrichmentError('MODEL_BAD_ANSWER', `the model refused: ${refusal.slice(0, 200)}`)
  if (choice?.finish_reason === 'length')
    throw new EnrichmentError('MODEL_BAD_ANSWER', "the model's answer was cut off at its length limit")
  if (choice?.finish_reason === 'content_filter')
    throw new EnrichmentError('MODEL_BAD_ANSWER', "the host's content filter kept the answer back")
  const text = choice?.message?.content
  if (!text) throw new EnrichmentError('MODEL_BAD_ANSWER', 'the model host answered without a text')
  return text
}
