import { EnrichmentError, toEnrichmentError } from '../errors.ts'
import type { Model } from './model.ts'

/** After so long of nothing but 429 each album alone would wait in vain. */
const PATIENCE_MS = 180_000

/**
 * A model whose host, once it has said nothing but "slow down" for three minutes, fails with MODEL_ONLY_THROTTLES instead:
 * that is no matter of the album that is asked about.
 */
export function onlyThrottles(model: Model, now: () => number = () => performance.now()): Model {
  /** Of the first refusal after anything else that the host has said. */
  let since: number | null = null
  return {
    identity: model.identity,
    async judge(album, products, signal, onCall) {
      try {
        const answer = await model.judge(album, products, signal, onCall)
        since = null
        return answer
      } catch (thrown) {
        const { code } = toEnrichmentError(thrown)
        if (code !== 'MODEL_THROTTLED') {
          if (!signal.aborted && code !== 'MODEL_UNAVAILABLE') since = null
          throw thrown
        }
        since ??= now()
        const lastsMs = now() - since
        if (lastsMs < PATIENCE_MS) throw thrown
        throw new EnrichmentError(
          'MODEL_ONLY_THROTTLES',
          `429: the model host has said nothing but "slow down" for ${Math.round(lastsMs / 1_000)} s. See what the limits of ` +
            'the account are, and whether another program uses the same key',
        )
      }
    },
  }
}
