import type { RetryTier } from '../retry-delays.ts'

/**
 * The tier of the next retry: the next longer one each time, at the end the last again and again. A tier that is shorter
 * than the server's hint is passed over unless it is the last.
 *
 * @param tiers shortest first, at least one
 * @param attempt retries so far
 */
export function chooseTier(tiers: readonly RetryTier[], attempt: number, hintMs = 0): RetryTier {
  const ahead = tiers.slice(Math.min(attempt, tiers.length - 1))
  const chosen = ahead.find(({ delayMs }) => delayMs >= hintMs) ?? tiers.at(-1)
  if (chosen === undefined) throw new RangeError('there is no retry tier')
  return chosen
}
