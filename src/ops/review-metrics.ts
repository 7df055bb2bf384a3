import type { Database } from '../db/database.ts'
import { toEnrichmentError } from '../errors.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { countReviews } from './list-reviews.ts'

const COLLECT_MS = 60_000

/** Keeps the metrics of what waits for a person up to date. @returns when the signal is aborted */
export async function keepReviewMetrics(db: Database, log: Logger, stop: AbortSignal): Promise<void> {
  const collect = async () => {
    const { open, oldest } = await countReviews(db)
    metrics.reviewOpen.set(open)
    metrics.reviewOldest.set(oldest === null ? 0 : (Date.now() - oldest) / 1_000)
  }
  const onFailed = (error: unknown) => log.debug({ code: toEnrichmentError(error).code }, 'reviews not readable')
  await keepDoing(COLLECT_MS, collect, onFailed, stop)
}
