import { randomUUID } from 'node:crypto'
import type { Candidate } from '../album.ts'
import type { Database, EntityManager } from '../db/database.ts'
import { AlbumRow } from '../db/entities/album.entity.ts'
import { CandidateRow } from '../db/entities/candidate.entity.ts'
import { OutboxRow } from '../db/entities/outbox.entity.ts'
import { PersonVerdictRow } from '../db/entities/person-verdict.entity.ts'
import type { Statement } from '../db/prepared.ts'
import { toCandidate } from '../enrich/stored-candidates.ts'
import { EnrichmentError } from '../errors.ts'
import type { Album, EnrichmentRequested } from '../events.ts'
import type { EventCodecs } from '../kafka/event-topics.ts'

export interface Review {
  album: Album
  marketplace: string
  /** Open ones first, then by score; each with its number by ASIN, from 1: no verdict about one of them changes it, another product may. */
  candidates: (Candidate & { number: number })[]
  /** `isAnswered`: a request that was made since has come to a result, as far as the ledger remembers it. */
  verdicts: { asin: string; verdict: 'accept' | 'reject'; by: string; at: string; isAnswered: boolean }[]
}

/** What a person says about a product: null takes back what was said. */
export interface PersonDecision {
  asin: string
  verdict: 'accept' | 'reject' | null
}

/** A decision for people: about what, and what a person said before. */
export interface DecisionTold extends PersonDecision {
  /** null: no candidate yet. */
  number: number | null
  title: string | null
  artist: string | null
  former: { verdict: 'accept' | 'reject'; by: string; at: string } | null
}

/** Requests for artwork alone apply no verdict. */
const FIND_ANSWERED: Statement<{ last: number | null }> = {
  name: 'select enrichment last answered',
  text: `
    select (extract(epoch from max(requested_at)) * 1000)::float8 as last from enrichment
    where album_id = $1 and marketplace = $2 and decision = 'result' and reason <> 'artwork'`,
}

/**
 * One album beside its candidates of a marketplace.
 *
 * @throws EnrichmentError RECORD_INVALID for an unknown album; DATABASE_UNAVAILABLE
 */
export async function readReview(db: Database, albumId: string, marketplace: string): Promise<Review> {
  const [answered] = await db.run(FIND_ANSWERED, [albumId, marketplace])
  return db.query((em) => findReview(em, albumId, { marketplace, answeredAt: answered?.last ?? 0 }))
}

/** @param answeredAt when the last request was made that has come to a result, in milliseconds since 1970 */
async function findReview(
  em: EntityManager,
  albumId: string,
  { marketplace, answeredAt }: { marketplace: string; answeredAt: number },
): Promise<Review> {
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
      isAnswered: decidedAt.getTime() <= answeredAt,
    })),
  }
}

function nothingStored(albumId: string): EnrichmentError {
  const remedy = 'it may still wait in a topic (see `status`), or was never imported, or was forgotten'
  return new EnrichmentError('RECORD_INVALID', `nothing is stored of album ${albumId}: ${remedy}`)
}

/** What decisions are about, and what they replace. */
export function tellDecisions({ candidates, verdicts }: Review, decisions: readonly PersonDecision[]): DecisionTold[] {
  return decisions.map(({ asin, verdict }) => {
    const found = candidates.find(({ product }) => product.asin === asin)
    const former = verdicts.find((given) => given.asin === asin)
    return {
      asin,
      verdict,
      number: found?.number ?? null,
      title: found?.product.title ?? null,
      artist: found?.product.contributors.map(({ name }) => name).join(', ') || null,
      former: former === undefined ? null : { verdict: former.verdict, by: former.by, at: former.at },
    }
  })
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
        // By the clock that tells when requests are made: whether one was made since is asked for.
        const row = { albumId, marketplace, asin, verdict, decidedBy: by, decidedAt: new Date(requestedAt) }
        await em.upsert(PersonVerdictRow, row)
      }
    }
    em.persist(em.create(OutboxRow, { requestId, topic, albumId, value, createdAt: new Date() }))
  })
  return requestId
}
