import { setTimeout as delay } from 'node:timers/promises'
import { type EnrichmentError, type ErrorCode, toEnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { isOutage } from '../retry/decide-retry.ts'

const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 5_000

/**
 * Does some work as soon as the servers it needs are there: while one of our own (Kafka, registry, PostgreSQL) is away
 * it tries again and again, which counts as nothing.
 *
 * @param tell told of what it waits for when that begins or changes, and of null when it waits no longer
 * @throws everything else, and the last error once the signal is aborted
 */
export async function waitWhileAway<T>(
  name: string,
  work: () => Promise<T>,
  log: Logger,
  signal: AbortSignal,
  tell: (away: EnrichmentError | null) => void = () => undefined,
): Promise<T> {
  let tries = 0
  let told: ErrorCode | undefined
  try {
    for (;;) {
      try {
        return await work()
      } catch (thrown) {
        const error = toEnrichmentError(thrown)
        if (!isOutage(error.code) || signal.aborted) throw error
        if (error.code !== told) {
          told = error.code
          log.warn({ for: name, code: error.code, reason: error.message }, 'waiting for a server')
          tell(error)
        }
        const waitMs = Math.min(FIRST_DELAY_MS * 2 ** tries, LONGEST_DELAY_MS)
        tries += 1
        await delay(waitMs, undefined, { signal }).catch(() => undefined)
      }
    }
  } finally {
    if (tries > 0) tell(null)
  }
}
