import { setTimeout as delay } from 'node:timers/promises'
import { toEnrichmentError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { LedgerPruning } from './ledger-pruning.ts'

const EVERY_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * Keeps the ledger from growing for ever, once an hour while this process has the lane. Rows of requests that were
 * retried or ran again stay a year longer, as the topics do that keep their copies.
 *
 * @param lane `committed` is null while another process has it
 * @returns when the signal is aborted
 */
export async function keepPruned(
  pruning: LedgerPruning,
  lane: { readonly committed: ReadonlyMap<string, bigint> | null },
  retentionDays: number,
  log: Logger,
  stop: AbortSignal,
  everyMs = EVERY_MS,
): Promise<void> {
  while (!stop.aborted) {
    await delay(everyMs, undefined, { signal: stop, ref: false }).catch(() => undefined)
    const { committed } = lane
    if (committed === null || stop.aborted) continue
    const before = new Date(Date.now() - retentionDays * DAY_MS)
    try {
      const rows = await pruning.prune(before, committed, stop)
      if (rows > 0) log.info({ rows }, 'ledger pruned')
    } catch (error) {
      log.warn({ code: toEnrichmentError(error).code, err: error }, 'ledger not pruned')
    }
    try {
      await pruning.pruneModelCalls(before, stop)
    } catch (error) {
      log.warn({ code: toEnrichmentError(error).code, err: error }, 'model calls not pruned')
    }
  }
}
