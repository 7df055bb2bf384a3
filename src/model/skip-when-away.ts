import { EnrichmentError, type ErrorCode, toEnrichmentError } from '../errors.ts'
import type { Model } from './model.ts'

/** How long nobody waits for a host that was found away. */
const AWAY_MS = 30_000
/** Calls in a row that fail before the host is called away. */
const FAILURES = 3
/** What is so for all calls, whoever makes them. */
const FOR_ALL: readonly ErrorCode[] = ['MODEL_QUOTA_SPENT', 'MODEL_BAD_CREDENTIALS', 'MODEL_ONLY_THROTTLES']

/**
 * For those who would rather do without the model than wait for it: once its host is away, calls fail at once, and every
 * 30 s one is made to find out.
 */
export function skipWhenAway(model: Model, now: () => number = () => performance.now()): Model {
  let failures = 0
  let awayUntil = Number.NEGATIVE_INFINITY
  let away: EnrichmentError | null = null
  return {
    identity: model.identity,
    async judge(album, products, signal, onCall) {
      if (away !== null && now() < awayUntil) throw new EnrichmentError(away.code, away.message)
      // Those who come while this one finds out need not find out too.
      if (away !== null) awayUntil = now() + AWAY_MS
      try {
        const answer = await model.judge(album, products, signal, onCall)
        failures = 0
        away = null
        return answer
      } catch (thrown) {
        const error = toEnrichmentError(thrown)
        const isRefused = FOR_ALL.includes(error.code)
        if (isRefused || error.code === 'MODEL_UNAVAILABLE') failures += 1
        else if (!signal.aborted && error.code !== 'MODEL_THROTTLED') {
          failures = 0
          away = null
        }
        if (isRefused || failures >= FAILURES) {
          away = error
          awayUntil = now() + AWAY_MS
        }
        throw thrown
      }
    },
  }
}
