import OpenAI, { APIError } from 'openai'
import { EnrichmentError, type ErrorCode } from '../errors.ts'
import { withFirstAbort } from '../with-first-abort.ts'
import { buildPrompt, PROMPT_VERSION } from './build-prompt.ts'
import { fieldsOf, HostDialect, nextManner } from './host-dialect.ts'
import type { Model, ModelAnswer, ModelCall } from './model.ts'
import { readAnswer } from './read-answer.ts'
import { readReply } from './read-reply.ts'
import { withReadableBodies } from './readable-bodies.ts'
import { isJson } from './refusal.ts'
import { refusalOf, toModelError } from './to-model-error.ts'

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
  fetch?: typeof globalThis.fetch
  /** Told of every call that the host answered, or could have. */
  onCall?: (call: ModelCall) => void
  dialect?: HostDialect
}

const MAX_KEPT = 8_000
/** Of one call: what a host counts beyond this is no count. */
const MOST_TOKENS = 100_000_000
/** Of the languages that albums have, roughly. */
const CHARACTERS_PER_TOKEN = 4
/** Failures by which the host has read the question, and maybe answered it. */
const HEARD: readonly ErrorCode[] = ['MODEL_BAD_ANSWER', 'MODEL_PROMPT_REFUSED']

/** A model behind OpenAI's chat completions, with structured outputs where the host knows them. */
export function createOpenAiModel(settings: Settings): Model {
  const { apiKey, baseUrl, name, timeoutMs, fetch = globalThis.fetch, onCall, dialect = new HostDialect() } = settings
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    // Retries are the worker's: the client's own ignore long Retry-After times and would hide failures from the lane.
    maxRetries: 0,
    logLevel: 'off',
    // Otherwise read from the environment behind our back.
    organization: null,
    project: null,
    fetch: withReadableBodies(fetch),
  })
  const identity = { name, promptVersion: PROMPT_VERSION }

  /** Asks in the ways that the host may know, until it knows one. */
  async function ask(messages: OpenAI.ChatCompletionMessageParam[], signal: AbortSignal) {
    let { manner } = dialect
    let why: string | undefined
    for (;;) {
      try {
        // No temperature: the models that reason refuse it.
        const request = { model: name, messages, ...fieldsOf(manner) }
        const reply: unknown = await client.chat.completions.create(request, { signal, timeout: timeoutMs })
        return { reply, learned: why === undefined ? undefined : { manner, why } }
      } catch (thrown) {
        if (!(thrown instanceof APIError) || thrown.status === undefined) throw thrown
        const refusal = refusalOf(thrown)
        const next = nextManner(manner, refusal)
        if (next === null) throw thrown
        manner = next
        why = refusal.message
      }
    }
  }

  return {
    identity,
    async judge(album, products, signal, onCallOfAlbum): Promise<ModelAnswer> {
      const { instructions, question, order } = buildPrompt(album, products)
      // The client's own time-out ends with the answer's head; a stalled body would hang for ever.
      const deadline = new AbortController()
      const timer = setTimeout(() => deadline.abort(), timeoutMs)
      const call = { albumId: album.albumId, at: Date.now(), model: name, promptVersion: PROMPT_VERSION }
      let kept: Pick<ModelCall, 'inputTokens' | 'outputTokens' | 'cost' | 'answer'> = NOTHING
      const tell = (result: string, wasHeard: boolean, answer = kept.answer) => {
        const spentTokens = countSpent(kept, wasHeard ? instructions.length + question.length : 0)
        const rest = { candidates: products.length, result, spentTokens, latencyMs: Date.now() - call.at }
        const told = { ...call, ...kept, ...rest, answer: answer.slice(0, MAX_KEPT) }
        onCall?.(told)
        onCallOfAlbum?.(told)
      }
      try {
        const messages: OpenAI.ChatCompletionMessageParam[] = [
          { role: 'system', content: instructions },
          { role: 'user', content: question },
        ]
        const { reply, learned } = await withFirstAbort([signal, deadline.signal], (first) => ask(messages, first))
        kept = { ...readUsage(reply), answer: JSON.stringify(isJson(reply) ? (reply.choices ?? reply) : reply) ?? '' }
        const text = readReply(reply)
        kept.answer = text
        const verdicts = readAnswer(text, order.length)
        if (learned !== undefined) dialect.keep(learned.manner, learned.why)
        const byProduct = new Map(order.map((product, index) => [product, verdicts[index]]))
        tell('ok', true)
        const { inputTokens, outputTokens } = kept
        return {
          verdicts: products.map((product) => byProduct.get(product) ?? { verdict: null, reason: '' }),
          use: { ...identity, inputTokens, outputTokens },
        }
      } catch (thrown) {
        if (signal.aborted) {
          tell('aborted', true)
          throw signal.reason
        }
        const error = deadline.signal.aborted ? tooLate(timeoutMs, thrown) : toModelError(thrown)
        const wasHeard = deadline.signal.aborted || HEARD.includes(error.code)
        tell(error.code, wasHeard, kept.answer === '' ? error.message : kept.answer)
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

const NOTHING = { inputTokens: 0, outputTokens: 0, cost: null, answer: '' }

const tooLate = (timeoutMs: number, cause: unknown) =>
  new EnrichmentError('MODEL_UNAVAILABLE', `the model did not answer in ${timeoutMs / 1000} s`, { cause })

/** Compatible hosts leave the usage out at will. */
function readUsage(reply: unknown): Pick<ModelCall, 'inputTokens' | 'outputTokens' | 'cost'> {
  const usage = isJson(reply) && isJson(reply.usage) ? reply.usage : {}
  const isCount = (value: unknown) => Number.isInteger(value) && Number(value) > 0 && Number(value) <= MOST_TOKENS
  const count = (value: unknown) => (isCount(value) ? Number(value) : 0)
  return {
    inputTokens: count(usage.prompt_tokens),
    outputTokens: count(usage.completion_tokens),
    cost: typeof usage.cost === 'number' && Number.isFinite(usage.cost) ? usage.cost : null,
  }
}

/** @param heard characters of the question; 0 where the host did not come to read it, and what it does not tell costs nothing */
function countSpent(
  { inputTokens, outputTokens, answer }: Pick<ModelCall, 'inputTokens' | 'outputTokens' | 'answer'>,
  heard: number,
): number {
  const estimate = (characters: number) => (heard > 0 ? Math.ceil(characters / CHARACTERS_PER_TOKEN) : 0)
  return (inputTokens || estimate(heard)) + (outputTokens || estimate(answer.length))
}
