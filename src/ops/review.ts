import { randomUUID } from 'node:crypto'
import type { Candidate } from '../album.ts'
import type { Database, EntityManager } from '../db/database.ts'
import { AlbumRow } from '../db/entities/album.entity.ts'
import { CandidateRow } from '../db/entities/candidate.entity.ts'
import { OutboxRow } from '../db/entities/outbox.entity.ts'
import { PersonVerdictRow } from '../db/entities/person-verdict.entity.ts'
import { toCandidate } from '../enrich/stored-candidates.ts'
import { EnrichmentError } from '../errors.ts'
import type { Album, EnrichmentRequested } from '../events.ts'
import type { EventCodecs } from '../kafka/event-topics.ts'

export interface Review {
  album: Album
  marketplace: string
  /** Open ones first, then by score; each with its number by ASIN, from 1, which no verdict changes. */
  candidates: (Candidate & { number: number })[]
  verdicts: { asin: string; verdict: 'accept' | 'reject'; by: string; at: string }[]
}

/** What a person says about a product: null takes back what was said. */
export interface PersonDecision {
  asin: string
  verdict: 'accept' | 'reject' | null
}

/**
 * One album beside its candidates of a marketplace.
 *
 * @throws EnrichmentError RECORD_INVALID for an unknown album; DATABASE_UNAVAILABLE
 */
export async function readReview(db: Database, albumId: string, marketplace: string): Promise<Review> {
  return db.query((em) => findReview(em, albumId, marketplace))
}

async function findReview(em: EntityManager, albumId: string, marketplace: string): Promise<Review> {
  const row = await em.findOne(AlbumRow, { albumId })
  if (row === null) throw nothingStored(albumId)
  const rows = await em.find(CandidateRow, { albumId, marketplace }, { orderBy: { asin: 'asc' } })
  const candidates = rows
    .map((row, index) => ({ number: index + 1, ...toCandidate(row) }))
    .sort(
      (one, other) =>
        Number(other.verdict === 'open') - Number(one.verdict === 'open') || (other.score ?? 1) - (one.score ?? 1),
    )
  const verdicts = await em.find(PersonVerdictRow, { albumId, marketplace }, { orderBy: { decidedAt: 'asc' } })
  return {
    album: row.facts,
    marketplace,
    candidates,
    verdicts: verdicts.map(({ asin, verdict, decidedBy, decidedAt }) => ({
      asin,
      verdict,
      by: decidedBy,
      at: decidedAt.toISOString(),
    })),
  }
}

function nothingStored(albumId: string): EnrichmentError {
  const remedy = 'it may still wait in a topic (see `status`), or was never imported, or was forgotten'
  return new EnrichmentError('RECORD_INVALID', `nothing is stored of album ${albumId}: ${remedy}`)
}

/**
 * Stores what a person decided, and with it a request that lets the lane act on it: both or neither. The relay sends the
 * request within seconds; the lane applies what is decided by then.
 *
 * @param topic the topic of express
 * @param by who decided
 * @param requestedAt see timeRequest, asked for before the album was read
 * @returns the request's id
 * @throws EnrichmentError DATABASE_UNAVAILABLE, REGISTRY_UNAVAILABLE
 */
export async function decideReview(
  db: Database,
  codecs: Pick<EventCodecs, 'requested'>,
  { album, marketplace }: Pick<Review, 'album' | 'marketplace'>,
  decisions: readonly PersonDecision[],
  { topic, by, requestedAt }: { topic: string; by: string; requestedAt: number },
): Promise<string> {
  const requestId = randomUUID()
  const { albumId } = album
  // What a person takes back is judged anew, for which too little of a rejected product is kept.
  const isTakenBack = decisions.some(({ verdict }) => verdict === null)
  const request: EnrichmentRequested = {
    requestId,
    reason: 'verdict',
    stages: [...(isTakenBack ? (['search'] as const) : []), 'match', 'links', 'artwork'],
    album,
    requestedAt,
    source: null,
  }
  const value = await codecs.requested.encode(request)
  await db.transaction(async (em) => {
    // Forgotten meanwhile, it must not come back by halves.
    const known = await em.execute<object[]>('select 1 from album where album_id = ? for key share', [albumId])
    if (known.length === 0) throw nothingStored(albumId)
    // In order: two who decide about the same products would wait for each other.
    for (const { asin, verdict } of decisions.toSorted((one, other) => (one.asin < other.asin ? -1 : 1))) {
      if (verdict === null) await em.nativeDelete(PersonVerdictRow, { albumId, marketplace, asin })
      else {
        const row = { albumId, marketplace, asin, verdict, decidedBy: by, decidedAt: new Date() }
        await em.upsert(PersonVerdictRow, row)
      }
    }
    em.persist(em.create(OutboxRow, { requestId, topic, albumId, value, createdAt: new Date() }))
  })
  return requestId
}
