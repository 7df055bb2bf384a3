import type { Database } from '../db/database.ts'
import type { Statement } from '../db/prepared.ts'

const FIND_LAST: Statement<{ at: string }> = {
  name: 'select enrichment last result',
  text: `
    select decided_at as at from enrichment
    where decided_at >= $1::timestamptz and decision = 'result' and marketplace = $2 order by decided_at desc limit 1`,
}

/** How long after its decision a result may be stored, by another clock, and still be seen. */
const STORED_WITHIN_MS = 600_000

/**
 * When the last result for a marketplace was decided. Only the first look goes through the whole ledger, which is long where
 * the marketplace has no result, or none of late; each one after that looks at what may have come since.
 */
export class LastResult {
  readonly #db: Database
  readonly #marketplace: string
  #last: Date | null = null
  #from = new Date(0)

  constructor(db: Database, marketplace: string) {
    this.#db = db
    this.#marketplace = marketplace
  }

  /**
   * @param now milliseconds since 1970
   * @returns null when there was none
   * @throws EnrichmentError DATABASE_UNAVAILABLE
   */
  async read(now: number): Promise<Date | null> {
    const [row] = await this.#db.run(FIND_LAST, [this.#from, this.#marketplace])
    this.#from = new Date(now - STORED_WITHIN_MS)
    if (row !== undefined) this.#last = new Date(row.at)
    return this.#last
  }
}
