import { setTimeout as delay } from 'node:timers/promises'
import { toEnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { isOutage } from './decide-retry.ts'

const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 5_000

/**
 * Does some work as soon as the servers it needs are there: while one of our own (Kafka, registry, PostgreSQL) is away
 * it tries again and again, which counts as nothing.
 *
 * @throws everything else, and the last error once the signal is aborted
 */
export async function waitWhileAway<T>(
  name: string,
  work: () => Promise<T>,
  log: Logger,
  signal: AbortSignal,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work()
    } catch (thrown) {
      const error = toEnrichmentError(thrown)
      if (!isOutage(error.code) || signal.aborted) throw error
      if (tries === 0) log.warn({ for: name, code: error.code, reason: error.message }, 'waiting for a server')
      const waitMs = Math.min(FIRST_DELAY_MS * 2 ** tries, LONGEST_DELAY_MS)
      await delay(waitMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
