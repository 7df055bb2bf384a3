import { type Config, currentValue } from '../config.ts'
import { EnrichmentError } from '../errors.ts'
import { createFetch } from '../http/create-fetch.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { PROMPT_VERSION } from './build-prompt.ts'
import type { Model } from './model.ts'
import { onlyThrottles } from './only-throttles.ts'
import { skipWhenAway } from './skip-when-away.ts'
import { TokenBudget } from './token-budget.ts'

/**
 * The model as the settings say, its calls and tokens counted and its tokens of a day bounded; null when MODEL_USE is
 * never.
 *
 * @param budget what it may cost
 * @throws EnrichmentError CONFIG_INVALID when a model is wanted without an API key
 */
export function createModel(
  config: Config<'model' | 'http'>,
  log?: Logger,
  budget = new TokenBudget(config.MODEL_TOKENS_PER_DAY, config.MODEL_TOKENS_SPENT),
): Model | null {
  if (config.MODEL_USE === 'never') return null
  if (config.OPENAI_API_KEY === undefined)
    throw new EnrichmentError('CONFIG_INVALID', 'OPENAI_API_KEY is not set: set it, or set MODEL_USE to never')
  let model: Promise<Model> | undefined
  const bounded: Model = {
    identity: { name: config.MODEL_NAME, promptVersion: PROMPT_VERSION },
    async judge(album, products, signal, onCall) {
      budget.check()
      model ??= openModel(config, budget, log)
      return (await model).judge(album, products, signal, onCall)
    },
  }
  return config.MODEL_OUTAGE === 'review' ? skipWhenAway(bounded) : bounded
}

/**
 * The model's client is a tenth of a start and 276 modules, which who only stands by, or is sure of its albums, never
 * needs: it is loaded by the first question.
 */
async function openModel(config: Config<'model' | 'http'>, budget: TokenBudget, log?: Logger): Promise<Model> {
  const [{ createOpenAiModel }, { HostDialect }] = await Promise.all([
    import('./openai-model.ts'),
    import('./host-dialect.ts'),
  ])
  const model = createOpenAiModel({
    apiKey: async () => currentValue(config, 'OPENAI_API_KEY') ?? '',
    fetch: createFetch(config),
    baseUrl: config.OPENAI_BASE_URL,
    name: config.MODEL_NAME,
    timeoutMs: config.MODEL_TIMEOUT_SECONDS * 1000,
    dialect: new HostDialect((now) =>
      log?.warn(now, 'model host does not know how it was asked; it is asked otherwise'),
    ),
    onCall(call) {
      const { result, inputTokens, outputTokens, spentTokens } = call
      metrics.modelCalls.inc({ result })
      metrics.modelTokens.inc({ kind: 'input' }, inputTokens)
      metrics.modelTokens.inc({ kind: 'output' }, outputTokens)
      budget.spend(spentTokens)
      // With the model's own words, for who wants to read them.
      log?.debug(call, 'model called')
    },
  })
  return onlyThrottles(model)
}
