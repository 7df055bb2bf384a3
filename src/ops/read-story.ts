import type { Candidate } from '../album.ts'
import type { Database } from '../db/database.ts'
import { AlbumRow } from '../db/entities/album.entity.ts'
import { ArtworkRow } from '../db/entities/artwork.entity.ts'
import { CandidateRow } from '../db/entities/candidate.entity.ts'
import { Enrichment, type FailedAttempt } from '../db/entities/enrichment.entity.ts'
import { ExternalLink } from '../db/entities/external-link.entity.ts'
import { toCandidate } from '../enrich/stored-candidates.ts'
import { EnrichmentError } from '../errors.ts'
import type { Album } from '../events.ts'
import { REQUEST_ID } from '../retry/retry-headers.ts'

export interface Story {
  album: Album
  requests: {
    requestId: string
    /** More than 1 after offsets were moved. */
    run: number
    reason: string
    marketplace: string
    requestedAt: string
    attempts: number
    decision: string | null
    outcome: string | null
    durationMs: number | null
    failures: FailedAttempt[]
  }[]
  candidates: Candidate[]
  links: { asin: string; url: string; priceMinor: number | null; currency: string | null; withdrawnAt: string | null }[]
  artwork: { status: string; url: string | null; key: string | null; errorCode: string | null } | null
}

/**
 * All that is stored of an album, newest request first.
 *
 * @param id an album's id, or the id of one of its requests
 * @throws EnrichmentError RECORD_INVALID when nothing is stored under the id; DATABASE_UNAVAILABLE
 */
export async function readStory(db: Database, id: string): Promise<Story> {
  return db.query(async (em) => {
    const request = REQUEST_ID.test(id) ? await em.findOne(Enrichment, { requestId: id }) : null
    const albumId = request?.albumId ?? id
    const row = await em.findOne(AlbumRow, { albumId })
    if (row === null) {
      const message = `nothing is stored of album or request ${id}: it may still wait in a topic (see \`status\`), or was never imported`
      throw new EnrichmentError('RECORD_INVALID', message)
    }
    const requests = await em.find(Enrichment, { albumId }, { orderBy: { requestedAt: 'desc' }, limit: 20 })
    const candidates = await em.find(CandidateRow, { albumId }, { orderBy: { judgedAt: 'desc' } })
    const links = await em.find(ExternalLink, { albumId })
    const artwork = await em.findOne(ArtworkRow, { albumId })
    return {
      album: row.facts,
      requests: requests.map(toRequest),
      candidates: candidates.map(toCandidate),
      links: links.map(({ asin, url, priceMinor, currency, withdrawnAt }) => ({
        asin,
        url,
        priceMinor: priceMinor ?? null,
        currency: currency ?? null,
        withdrawnAt: withdrawnAt?.toISOString() ?? null,
      })),
      artwork: artwork && {
        status: artwork.status,
        url: artwork.url ?? null,
        key: artwork.key ?? null,
        errorCode: artwork.errorCode ?? null,
      },
    }
  })
}

function toRequest(row: Enrichment): Story['requests'][number] {
  const { requestId, run, reason, marketplace, requestedAt, startedAt, decidedAt, decision, outcome, failures } = row
  return {
    requestId,
    run,
    reason,
    marketplace,
    requestedAt: requestedAt.toISOString(),
    attempts: failures.length + (decision === 'result' ? 1 : 0),
    decision: decision ?? null,
    outcome: outcome ?? null,
    durationMs: decidedAt ? decidedAt.getTime() - startedAt.getTime() : null,
    failures,
  }
}
