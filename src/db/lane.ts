import type { Database } from './database.ts'
import { LaneRow } from './entities/lane.entity.ts'

/**
 * The lane as a person left it; one that nobody ever paused is running.
 *
 * @param name the worker's consumer group
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function readLane(db: Database, name: string): Promise<Pick<LaneRow, 'state'> & Partial<LaneRow>> {
  return (await db.query((em) => em.findOne(LaneRow, { name }))) ?? { state: 'running' }
}

/** @param changedBy who, for the next person to ask. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function setLaneState(
  db: Database,
  name: string,
  state: LaneRow['state'],
  changedBy: string,
): Promise<void> {
  await db.query((em) => em.upsert(LaneRow, { name, state, changedAt: new Date(), changedBy }))
}
