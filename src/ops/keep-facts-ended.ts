import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { endFacts } from '../db/end-facts.ts'
import { toEnrichmentError } from '../errors.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'

const EVERY_MS = 300_000

/**
 * Ends what Amazon told when it may be kept no longer, every five minutes.
 *
 * @returns when the signal is aborted
 */
export async function keepFactsEnded(
  config: Config<'service'>,
  { db, log }: { db: Database; log: Logger },
  stop: AbortSignal,
): Promise<void> {
  const lifetimes = {
    candidateFacts: config.CANDIDATE_FACTS_HOURS,
    candidatePrices: config.CANDIDATE_PRICES_HOURS,
    linkPrices: config.LINK_PRICES_HOURS,
  }
  const endSome = async () => {
    const ended = await endFacts(db, lifetimes, Date.now(), stop)
    if (Object.values(ended).some((rows) => rows > 0)) log.info(ended, 'facts ended')
  }
  const onFailed = (error: unknown) => {
    const { code, message } = toEnrichmentError(error)
    log.warn({ code, reason: message }, 'facts not ended')
  }
  await keepDoing(EVERY_MS, endSome, onFailed, stop)
}
