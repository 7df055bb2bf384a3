import { setTimeout as delay } from 'node:timers/promises'
import { toEnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Ledger } from './ledger.ts'

const EVERY_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * Keeps the ledger from growing for ever, once an hour while this process has the lane.
 *
 * @param lane `committed` is null while another process has it
 * @param longestDelayMs of a retry tier: a copy of an earlier run comes back so late, and MUST find the row of the later
 * @returns when the signal is aborted
 */
export async function keepPruned(
  ledger: Ledger,
  lane: { readonly committed: ReadonlyMap<string, bigint> | null },
  { retentionDays, longestDelayMs }: { retentionDays: number; longestDelayMs: number },
  log: Logger,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    await delay(EVERY_MS, undefined, { signal: stop, ref: false }).catch(() => undefined)
    const { committed } = lane
    if (committed === null || stop.aborted) continue
    try {
      const ended = new Date(Date.now() - retentionDays * DAY_MS)
      const rows = await ledger.prune({ ended, retried: new Date(+ended - longestDelayMs) }, committed, stop)
      if (rows > 0) log.info({ rows }, 'ledger pruned')
    } catch (error) {
      log.warn({ code: toEnrichmentError(error).code, err: error }, 'ledger not pruned')
    }
  }
}
