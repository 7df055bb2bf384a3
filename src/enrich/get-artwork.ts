import type { Album, Candidate } from '../album.ts'
import type { ArtworkOutcome, ArtworkStage } from './artwork/create-artwork-stage.ts'
import { findBetter, isBetter } from './artwork/find-better.ts'
import type { ArtworkRecord } from './earlier.ts'

/**
 * Gets the album its primary image. One that is stored already is not fetched again while its product is still accepted,
 * and replaced only by a better one.
 *
 * @param accepted best first
 * @returns what is to be stored of it; `earlier` itself when nothing has changed
 * @throws only the signal's reason
 */
export async function getArtwork(
  stage: ArtworkStage,
  album: Pick<Album, 'hasPrimaryImage'>,
  accepted: Candidate[],
  earlier: ArtworkRecord | null,
  signal: AbortSignal,
): Promise<ArtworkRecord> {
  const isStillGood = earlier?.status === 'stored' && accepted.some(({ product }) => product.asin === earlier.asin)
  const kept = isStillGood && !album.hasPrimaryImage ? earlier : null
  const links = accepted.map(({ product }) => ({ asin: product.asin, product }))
  if (kept === null) return toRecord(await stage(album, links, signal))
  const better = findBetter(links, kept)
  if (better.length === 0) return kept
  const outcome = await stage(album, better, signal)
  return outcome.status === 'stored' && isBetter(outcome, kept) ? toRecord(outcome) : kept
}

/** Of a picture that there is not. */
export const NO_ARTWORK = {
  asin: null,
  url: null,
  key: null,
  width: null,
  height: null,
  bytes: null,
  errorCode: null,
  errorMessage: null,
}

function toRecord(outcome: ArtworkOutcome): ArtworkRecord {
  const { status } = outcome
  if (status === 'stored') {
    const { asin, url, key, width, height, bytes } = outcome
    return { ...NO_ARTWORK, status, asin, url, key, width, height, bytes }
  }
  if (status === 'linked') return { ...NO_ARTWORK, status, asin: outcome.asin, url: outcome.url }
  if (status === 'pending' || status === 'failed') {
    return { ...NO_ARTWORK, status, errorCode: outcome.code, errorMessage: outcome.message }
  }
  return { ...NO_ARTWORK, status }
}
