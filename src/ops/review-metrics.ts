import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import { toEnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { listReviews } from './review.ts'

const COLLECT_MS = 60_000

/** Keeps the metrics of what waits for a person up to date. @returns when the signal is aborted */
export async function keepReviewMetrics(db: Database, log: Logger, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      const items = await listReviews(db, { all: false })
      const oldest = items[0] === undefined ? Date.now() : Date.parse(items[0].since)
      metrics.reviewOpen.set(items.length)
      metrics.reviewOldest.set((Date.now() - oldest) / 1_000)
    } catch (error) {
      log.debug({ code: toEnrichmentError(error).code }, 'reviews not readable')
    }
    await delay(COLLECT_MS, undefined, { signal: stop, ref: false }).catch(() => undefined)
  }
}
