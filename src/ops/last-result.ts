import type { Database } from '../db/database.ts'
import type { Statement } from '../db/prepared.ts'

const FIND_LAST: Statement<{ lastMs: number }> = {
  name: 'select enrichment last result',
  text: `
    select (extract(epoch from decided_at) * 1000)::float8 as "lastMs"
    from unnest($1::text[]) topic cross join lateral (
      select decided_at from enrichment
      where source_topic = topic and decision = 'result' order by decided_at desc limit 1) newest
    order by decided_at desc limit 1`,
}

/**
 * When the last result of requests from these topics was decided; null when there was none.
 *
 * @param topics the lane's
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function readLastResult(db: Database, topics: readonly string[]): Promise<Date | null> {
  const [row] = await db.run(FIND_LAST, [topics])
  return row === undefined ? null : new Date(row.lastMs)
}
