import type { RetryTier } from '../retry-delays.ts'

/**
 * The tier in which a request waits before it is tried again.
 *
 * @param tiers at least one, ascending
 * @param attempt retries so far: the first one takes the first tier, and beyond the last one it is the last again
 * @param hintMs how long the refusing server asked to wait; no shorter tier is taken unless it is the last
 */
export function chooseTier(tiers: readonly RetryTier[], attempt: number, hintMs = 0): RetryTier {
  const last = tiers.at(-1)
  if (last === undefined) throw new RangeError('no retry tiers')
  return tiers.slice(attempt).find(({ delayMs }) => delayMs >= hintMs) ?? last
}
