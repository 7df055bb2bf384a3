import type { Database } from '../db/database.ts'
import { toEnrichmentError } from '../errors.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { listReviews } from './review.ts'

const COLLECT_MS = 60_000

/** Keeps the metrics of what waits for a person up to date. @returns when the signal is aborted */
export async function keepReviewMetrics(db: Database, log: Logger, stop: AbortSignal): Promise<void> {
  const collect = async () => {
    const items = await listReviews(db, { all: false })
    const oldest = items[0] === undefined ? Date.now() : Date.parse(items[0].since)
    metrics.reviewOpen.set(items.length)
    metrics.reviewOldest.set((Date.now() - oldest) / 1_000)
  }
  const onFailed = (error: unknown) => log.debug({ code: toEnrichmentError(error).code }, 'reviews not readable')
  await keepDoing(COLLECT_MS, collect, onFailed, stop)
}
