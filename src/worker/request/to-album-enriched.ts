import { randomUUID } from 'node:crypto'
import type { Enrichment } from '../../enrich/enrich-album.ts'
import { withoutName } from '../../enrich/match/judge-by-person.ts'
import type { AlbumEnriched, EnrichmentRequested } from '../../events.ts'

interface Circumstances {
  marketplace: string
  run: number
  attempts: number
  /** Milliseconds since 1970. */
  startedAt: number
  finishedAt: number
}

/** The event that tells the world what a request came to. */
export function toAlbumEnriched(
  request: EnrichmentRequested,
  enrichment: Enrichment,
  { marketplace, run, attempts, startedAt, finishedAt }: Circumstances,
): AlbumEnriched {
  const { requestId, reason, album, requestedAt, source } = request
  const { outcome, links, withdrawnAsins, artwork, counts, model } = enrichment
  const { status, asin, url, key, errorCode } = artwork
  return {
    resultId: randomUUID(),
    requestId,
    run,
    reason,
    albumId: album.albumId,
    title: album.title,
    marketplace,
    outcome,
    links: links.map((link) => (link.decidedBy === 'person' ? { ...link, reason: withoutName(link.reason) } : link)),
    withdrawnAsins,
    artwork: { status, asin, url, key, errorCode },
    counts,
    attempts,
    model,
    requestedAt,
    startedAt,
    finishedAt,
    source,
    importedAt: album.importedAt,
  }
}
