import { EnrichmentError, type ErrorCode, toEnrichmentError } from '../errors.ts'
import type { ModelUse } from '../events.ts'
import type { Model, ModelAnswer, ModelVerdict } from './model.ts'

/** An answer as it is kept: by ASIN, so that it can be read whatever the order of the question was. */
export interface KeptAnswer {
  verdicts: ({ asin: string } & ModelVerdict)[]
  use: ModelUse
}

/** What the model has said to no use. It is paid for like a good answer, and kept like one. */
interface Useless {
  code: ErrorCode
  message: string
}

const USELESS: readonly ErrorCode[] = ['MODEL_BAD_ANSWER', 'MODEL_PROMPT_REFUSED']

/**
 * A model for one try at an album, whose answers are kept one by one: what was paid for before a crash, or before another
 * question about the album failed, is not asked again. A useless answer is thrown again as it was, and whoever then asks
 * once more is asking anew.
 *
 * @param step asks and keeps the answer under a name, or answers what was kept under it
 */
export function keepAnswers(
  model: Model,
  step: (name: `model.${string}`, ask: () => Promise<KeptAnswer | Useless>) => Promise<KeptAnswer | Useless>,
): Model {
  const useless = new Map<string, number>()
  return {
    identity: model.identity,
    async judge(album, products, signal, onCall) {
      const asins = products.map(({ asin }) => asin)
      const question = asins.toSorted().join()
      const before = useless.get(question) ?? 0
      const kept = await step(nameAnswer(asins, before + 1), async () => {
        try {
          const { verdicts, use } = await model.judge(album, products, signal, onCall)
          return { verdicts: verdicts.map((given, index) => ({ asin: asins[index] ?? '', ...given })), use }
        } catch (thrown) {
          const { code, message } = toEnrichmentError(thrown)
          if (signal.aborted || !USELESS.includes(code)) throw thrown
          return { code, message }
        }
      })
      if ('verdicts' in kept) return inOrder(kept, asins)
      useless.set(question, before + 1)
      throw new EnrichmentError(kept.code, kept.message)
    },
  }
}

/**
 * The name that an answer is kept under: the question is in it.
 *
 * @param asking 1, and one more for each useless answer to the same question before
 */
export const nameAnswer = (asins: readonly string[], asking = 1): `model.${string}` =>
  `model.${asking}.${asins.toSorted().join()}`

function inOrder({ verdicts, use }: KeptAnswer, asins: string[]): ModelAnswer {
  const given = new Map(verdicts.map(({ asin, ...verdict }) => [asin, verdict]))
  return { verdicts: asins.map((asin) => given.get(asin) ?? { verdict: null, reason: '' }), use }
}
