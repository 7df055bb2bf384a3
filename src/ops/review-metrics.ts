import type { Database } from '../db/database.ts'
import { toEnrichmentError } from '../errors.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { countReviews } from './list-reviews.ts'

const COLLECT_MS = 60_000

/**
 * Keeps the metrics of what waits for a person on a marketplace up to date; while that cannot be counted they keep their last figures.
 *
 * @param everyMs milliseconds between two counts
 * @returns when the signal is aborted
 */
export async function keepReviewMetrics(
  db: Database,
  marketplace: string,
  log: Logger,
  stop: AbortSignal,
  everyMs = COLLECT_MS,
): Promise<void> {
  let isFailing = false
  const collect = async () => {
    const { open, oldest } = await countReviews(db, marketplace)
    isFailing = false
    metrics.reviewOpen.set(open)
    metrics.reviewOldest.set(oldest === null ? 0 : (Date.now() - oldest) / 1_000)
  }
  const onFailed = (error: unknown) => {
    const { code, message } = toEnrichmentError(error)
    if (!isFailing) log.warn({ code, reason: message }, 'reviews not counted')
    isFailing = true
  }
  await keepDoing(everyMs, collect, onFailed, stop)
}
