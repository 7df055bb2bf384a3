import type { Statement } from '../../db/prepared.ts'
import { toEnrichmentError } from '../../errors.ts'
import { keepDoing } from '../../keep-doing.ts'
import type { Logger } from '../../log.ts'
import type { LaneLease } from '../lease/lane-lease.ts'
import type { OwnedStores } from './owned-stores.ts'

const EVERY_MS = 3_600_000
const DAY_MS = 86_400_000
/** Of rows that one statement of the pruning deletes. */
const ROWS_AT_ONCE = 2_000
const YEAR_MS = 365 * DAY_MS
const HAS_COPIES = '(run > 1 or attempt > 0)'

/**
 * A page of ended rows, in the order in which they ended: what stays is not looked at again for each. One that is just being
 * reopened is left.
 */
const prunePage = (name: string, which: string): Statement<{ decided_at: string }> => ({
  name,
  text: `
    delete from enrichment where request_id in (
      select request_id from enrichment
      where decided_at >= $1::timestamptz and decided_at < $2 and decision <> 'retry' and not again
        and source_topic = $3 and source_offset < $4 and ${which}
      order by decided_at limit ${ROWS_AT_ONCE} for update skip locked)
    returning decided_at::text`,
})
const PRUNE_SINGLE = prunePage('delete from enrichment page', `not ${HAS_COPIES}`)
const PRUNE_COPIED = prunePage('delete from enrichment copied page', HAS_COPIES)

/** What another lane is deleting is passed over: its worker does the rest. */
const PRUNE_MODEL_CALLS: Statement = {
  name: 'delete from model_call page',
  text: `
    delete from model_call where id in (
      select id from model_call where at < $1 limit ${ROWS_AT_ONCE} for update skip locked)
    returning 1`,
}
const PRUNE_MODEL_DAYS: Statement = {
  name: 'delete from model_day page',
  text: 'delete from model_day where day < $1',
}

/** Keeps the ledger from growing for ever, in the hands of the lane's owner. Methods throw as those of Ledger do. */
export class LedgerPruning {
  readonly #stores: OwnedStores

  constructor(stores: OwnedStores) {
    this.#stores = stores
  }

  /**
   * Deletes rows of requests that ended before a time, whose delivery is committed, and of which there is no other record,
   * some thousands a transaction. Of one that was retried or ran again there are copies: one may still be on its way, and
   * another comes again when somebody moves an offset. Without the row it would be done anew, so the row stays for another
   * year. What was stored of links and verdicts stays as well.
   *
   * @param committed by topic where the lane stands
   * @returns how many rows were deleted
   */
  async prune(before: Date, committed: ReadonlyMap<string, bigint>, signal: AbortSignal): Promise<number> {
    let pruned = 0
    const yearBefore = new Date(before.getTime() - YEAR_MS)
    for (const [topic, offset] of committed) {
      pruned += await this.#prune(PRUNE_SINGLE, [before, topic, offset], signal)
      pruned += await this.#prune(PRUNE_COPIED, [yearBefore, topic, offset], signal)
    }
    return pruned
  }

  /** Deletes what calls of the model said before a time, and what days before it took; all lanes' alike. */
  async pruneModelCalls(before: Date, signal: AbortSignal): Promise<void> {
    let rows: object[]
    do rows = await this.#stores.saveOnceOwned(signal, (query) => query(PRUNE_MODEL_CALLS, [before]))
    while (rows.length === ROWS_AT_ONCE)
    const day = before.toISOString().slice(0, 10)
    await this.#stores.saveOnceOwned(signal, (query) => query(PRUNE_MODEL_DAYS, [day]))
  }

  async #prune(
    page: Statement<{ decided_at: string }>,
    [before, topic, offset]: [Date, string, bigint],
    signal: AbortSignal,
  ): Promise<number> {
    let pruned = 0
    let after = '-infinity'
    for (;;) {
      const values = [after, before, topic, String(offset)]
      const rows = await this.#stores.saveOnceOwned(signal, (query) => query(page, values))
      pruned += rows.length
      if (rows.length < ROWS_AT_ONCE) return pruned
      after = rows.map(({ decided_at }) => decided_at).reduce((one, other) => (one > other ? one : other))
    }
  }
}

/**
 * Keeps the ledger from growing for ever: as soon as this process has the lane, and then once an hour while it has. Rows of
 * requests that were retried or ran again stay a year longer, as the topics do that keep their copies.
 *
 * @returns when the signal is aborted
 */
export async function keepPruned(
  pruning: LedgerPruning,
  lease: Pick<LaneLease, 'owned' | 'committed'>,
  retentionDays: number,
  log: Logger,
  stop: AbortSignal,
  everyMs = EVERY_MS,
): Promise<void> {
  const tell = (what: string) => (error: unknown) => {
    if (!stop.aborted) log.warn({ code: toEnrichmentError(error).code, err: error }, what)
  }
  const prune = async () => {
    await lease.owned(stop)
    const { committed } = lease
    if (committed === null) return
    const before = new Date(Date.now() - retentionDays * DAY_MS)
    const rows = await pruning.prune(before, committed, stop).catch(tell('ledger not pruned'))
    if (rows) log.info({ rows }, 'ledger pruned')
    await pruning.pruneModelCalls(before, stop).catch(tell('model calls not pruned'))
  }
  await keepDoing(everyMs, prune, tell('ledger not pruned'), stop)
}
