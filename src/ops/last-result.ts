import type { Database } from '../db/database.ts'

/**
 * When the last result for a marketplace was decided; null when there was none.
 *
 * @param known an answer from before, which spares the search through what is older
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function readLastResult(db: Database, marketplace: string, known: Date | null): Promise<Date | null> {
  const rows = await db.query((em) =>
    em.execute<{ at: string | Date }[]>(
      `select decided_at as at from enrichment
       where decided_at >= ? and decision = 'result' and marketplace = ? order by decided_at desc limit 1`,
      [known ?? new Date(0), marketplace],
    ),
  )
  const at = rows[0]?.at
  return at === undefined ? known : new Date(at)
}
