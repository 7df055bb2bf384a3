import type { Database } from '../db/database.ts'
import { ModelCallRow } from '../db/entities/model-call.entity.ts'

/** The last calls about an album, the newest first. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function findModelCalls(db: Database, albumId: string, limit: number): Promise<ModelCallRow[]> {
  return db.query((em) => em.find(ModelCallRow, { albumId }, { orderBy: { at: 'desc' }, limit }))
}
