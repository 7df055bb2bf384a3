import type { Database } from '../db/database.ts'
import type { Statement } from '../db/prepared.ts'

const FIND_LAST: Statement<{ at: string }> = {
  name: 'select enrichment last result',
  text: `
    select decided_at as at from enrichment
    where decided_at >= $1::timestamptz and decision = 'result' and marketplace = $2 order by decided_at desc limit 1`,
}

/**
 * When the last result for a marketplace was decided; null when there was none.
 *
 * @param known an answer from before, which spares the search through what is older
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function readLastResult(db: Database, marketplace: string, known: Date | null): Promise<Date | null> {
  const [row] = await db.run(FIND_LAST, [known ?? new Date(0), marketplace])
  return row === undefined ? known : new Date(row.at)
}
