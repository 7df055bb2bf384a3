import { type Config, currentValue } from '../config.ts'
import { EnrichmentError, toEnrichmentError } from '../errors.ts'
import { createFetch } from '../http/outgoing.ts'
import { metrics } from '../metrics.ts'
import type { Model } from './model.ts'
import { createOpenAiModel } from './openai-model.ts'

/**
 * The model as the settings say, its calls and tokens counted; null when MODEL_USE is never.
 *
 * @throws EnrichmentError CONFIG_INVALID when a model is wanted without an API key
 */
export function createModel(config: Config<'model' | 'http'>): Model | null {
  if (config.MODEL_USE === 'never') return null
  if (config.OPENAI_API_KEY === undefined)
    throw new EnrichmentError('CONFIG_INVALID', 'OPENAI_API_KEY is not set: set it, or set MODEL_USE to never')
  const model = createOpenAiModel({
    apiKey: async () => currentValue(config, 'OPENAI_API_KEY') ?? '',
    fetch: createFetch(config),
    baseUrl: config.OPENAI_BASE_URL,
    name: config.MODEL_NAME,
    timeoutMs: config.MODEL_TIMEOUT_SECONDS * 1000,
  })
  return {
    async judge(album, products, signal) {
      try {
        const answer = await model.judge(album, products, signal)
        metrics.modelCalls.inc({ result: 'ok' })
        metrics.modelTokens.inc({ kind: 'input' }, answer.use.inputTokens)
        metrics.modelTokens.inc({ kind: 'output' }, answer.use.outputTokens)
        return answer
      } catch (error) {
        metrics.modelCalls.inc({ result: signal.aborted ? 'aborted' : toEnrichmentError(error).code })
        throw error
      }
    },
  }
}
