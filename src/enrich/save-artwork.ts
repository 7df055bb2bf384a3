import type { Album, Candidate } from '../album.ts'
import type { Save } from '../db/database.ts'
import { ArtworkRow } from '../db/entities/artwork.entity.ts'
import type { ArtworkResult } from '../events.ts'
import type { ArtworkOutcome, ArtworkStage } from './artwork/create-artwork-stage.ts'
import { findBetter, isBetter } from './artwork/find-better.ts'

interface Context {
  marketplace: string
  requestId: string
  now: Date
}

/**
 * Gets the album its primary image and remembers what became of it. An image that is stored already is not fetched
 * again while its product is still accepted, and replaced only by a better one.
 *
 * @param save one transaction of a lane's owner
 * @param accepted best first
 * @throws what `save` throws; the signal's reason
 */
export async function saveArtwork(
  save: Save,
  stage: ArtworkStage,
  album: Album,
  accepted: Candidate[],
  { marketplace, requestId, now }: Context,
  signal: AbortSignal,
): Promise<ArtworkResult> {
  const key = { albumId: album.albumId, marketplace }
  const earlier = await save((em) => em.findOne(ArtworkRow, key))
  const isStillGood = earlier?.status === 'stored' && accepted.some(({ product }) => product.asin === earlier.asin)
  const links = accepted.map(({ product }) => ({ asin: product.asin, product }))
  const kept = isStillGood && !album.hasPrimaryImage ? earlier : null
  const wanted = kept === null ? links : findBetter(links, kept)
  if (kept !== null && wanted.length === 0) return toResult(kept)
  const outcome = await stage(album, wanted, signal)
  if (kept !== null && !(outcome.status === 'stored' && isBetter(outcome, kept))) return toResult(kept)

  const row = { ...key, ...toFields(outcome), requestId, updatedAt: now }
  await save((em) => em.upsert(ArtworkRow, row))
  return toResult(row)
}

type Fields = Pick<
  ArtworkRow,
  'status' | 'asin' | 'url' | 'key' | 'width' | 'height' | 'bytes' | 'errorCode' | 'errorMessage'
>

const NOTHING = {
  asin: null,
  url: null,
  key: null,
  width: null,
  height: null,
  bytes: null,
  errorCode: null,
  errorMessage: null,
}

function toFields(outcome: ArtworkOutcome): Fields {
  const { status } = outcome
  if (status === 'stored') {
    const { asin, url, key, width, height, bytes } = outcome
    return { ...NOTHING, status, asin, url, key, width, height, bytes }
  }
  if (status === 'linked') return { ...NOTHING, status, asin: outcome.asin, url: outcome.url }
  if (status === 'pending' || status === 'failed') {
    return { ...NOTHING, status, errorCode: outcome.code, errorMessage: outcome.message }
  }
  return { ...NOTHING, status }
}

/** What the event tells of it. */
function toResult({ status, asin, url, key, errorCode }: Fields): ArtworkResult {
  return { status, asin: asin ?? null, url: url ?? null, key: key ?? null, errorCode: errorCode ?? null }
}
