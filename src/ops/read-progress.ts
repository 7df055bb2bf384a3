import type { Database } from '../db/database.ts'
import type { Enrichment } from '../db/entities/enrichment.entity.ts'
import type { Statement } from '../db/prepared.ts'
import { readLastResult } from './last-result.ts'

/** What a lane has begun and not ended. */
export interface Progress {
  inFlight: number
  /** The MOST_TOLD of them that were begun first. */
  albumsInFlight: AlbumInFlight[]
  /** ISO 8601. */
  lastResultAt: string | null
}

export interface AlbumInFlight {
  albumId: string
  requestId: string
  /** When a worker first took the request up, ISO 8601. */
  startedAt: string
  /** What it is about now. */
  stage: string
}

const MOST_TOLD = 50

interface FoundRow extends Pick<Enrichment, 'answers'> {
  album_id: string
  request_id: string
  started_at: string
  total: number
}

const IN_FLIGHT: Statement<FoundRow> = {
  name: 'select enrichment in flight',
  text: `
    select album_id, request_id, started_at::text, answers, count(*) over ()::int as total
    from enrichment where decided_at is null and source_topic = any($1::text[])
    order by started_at, request_id limit ${MOST_TOLD}`,
}

/** @param topics the lane's @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function readProgress(db: Database, topics: string[]): Promise<Progress> {
  const rows = await db.run(IN_FLIGHT, [topics])
  const lastResult = await readLastResult(db, topics)
  return {
    inFlight: rows[0]?.total ?? 0,
    albumsInFlight: rows.map(({ album_id, request_id, started_at, answers }) => ({
      albumId: album_id,
      requestId: request_id,
      startedAt: new Date(started_at).toISOString(),
      stage: stageOf({ answers }),
    })),
    lastResultAt: lastResult?.toISOString() ?? null,
  }
}

/** By the answers that are stored: each stands for something that is over, unless the model has to be asked again. */
export function stageOf({ answers }: Pick<Enrichment, 'answers'>): string {
  const steps = Object.entries(answers)
  const isJudged = ([step, answer]: [string, unknown]) => !step.startsWith('search') && !('code' in Object(answer))
  if (steps.some(isJudged)) return 'links and artwork'
  return steps.length > 0 ? 'match' : 'search'
}
