import { createHash } from 'node:crypto'
import type { Image } from '../../album.ts'
import { EnrichmentError, type ErrorCode, toEnrichmentError } from '../../errors.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { isTooSmall, SMALLEST_SIDE } from './image-size.ts'
import { makeVariants } from './make-variants.ts'

/** A product's image that may become the album's artwork. */
export interface ArtworkCandidate {
  asin: string
  image: Image
}

/** Artwork in the store. Sizes are pixels of the original as it is shown; `bytes` is the original's length. */
export interface StoredArtwork {
  status: 'stored'
  asin: string
  /** Where the original was fetched from. */
  url: string
  /** Key of the original, kept byte for byte. */
  key: string
  /** Of the original, hexadecimal. */
  sha256: string
  width: number
  height: number
  bytes: number
  /** JPEG copies; `size` bounds the longest side in pixels. */
  variants: { size: number; key: string }[]
}

export type DownloadOutcome =
  | StoredArtwork
  | { status: 'pending' | 'failed'; code: ErrorCode; message: string }
  | { status: 'none' }

export interface DownloadCollaborators {
  /** Downloads an image; see fetch-image.ts for what it throws. */
  fetchImage: (url: string, signal: AbortSignal) => Promise<Uint8Array>
  store: ObjectStore
  /** Keeps an original that is in the store already from being deleted; what is being deleted is gone when this resolves. */
  claim: (key: string) => Promise<void>
}

/** No further image is begun after this: artwork must leave the album time to finish, whatever the image host does. */
const LAST_START_MS = 12_000
const PASSING: readonly ErrorCode[] = ['ARTWORK_UNAVAILABLE', 'STORE_UNAVAILABLE']

/**
 * Downloads and stores the first image that can be had.
 *
 * A failure is an answer, not a throw: artwork never fails an enrichment. It is `pending` when any image failed in a
 * passing way, so that another attempt makes sense, else `failed`; `none` when there was no candidate, or only
 * placeholders, which are how Amazon says that it has no image.
 *
 * @param candidates best first
 * @throws only the signal's reason, when it is aborted
 */
export async function downloadArtwork(
  candidates: readonly ArtworkCandidate[],
  { fetchImage, store, claim }: DownloadCollaborators,
  signal: AbortSignal,
): Promise<DownloadOutcome> {
  const startedAt = performance.now()
  const failures: EnrichmentError[] = []
  for (const { asin, image } of candidates) {
    if (performance.now() - startedAt > LAST_START_MS) {
      failures.push(new EnrichmentError('ARTWORK_UNAVAILABLE', `No time was left for the image of product ${asin}.`))
      break
    }
    try {
      return await storeImage(asin, image.url, await fetchImage(image.url, signal), { store, claim })
    } catch (thrown) {
      signal.throwIfAborted()
      const failure = toEnrichmentError(thrown)
      failures.push(failure)
      // The next image would only be downloaded in vain.
      if (failure.code === 'STORE_UNAVAILABLE') break
    }
  }
  const passing = failures.find(({ code }) => PASSING.includes(code))
  const told = passing ?? failures.find(({ code }) => code !== 'ARTWORK_TOO_SMALL')
  if (told === undefined) return { status: 'none' }
  return { status: passing ? 'pending' : 'failed', code: told.code, message: told.message }
}

async function storeImage(
  asin: string,
  url: string,
  bytes: Uint8Array,
  { store, claim }: Pick<DownloadCollaborators, 'store' | 'claim'>,
): Promise<StoredArtwork> {
  const { extension, contentType, width, height, variants } = await makeVariants(bytes, `The image of product ${asin}`)
  if (isTooSmall({ width, height })) {
    const message = `The image of product ${asin} has ${width} x ${height} pixels; with a side below ${SMALLEST_SIDE} it is a placeholder.`
    throw new EnrichmentError('ARTWORK_TOO_SMALL', message)
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  // Named by content: the same cover of two albums is kept once, and a repeated attempt writes nothing.
  const folder = `artwork/${sha256.slice(0, 2)}/${sha256}`
  const key = `${folder}/original.${extension}`
  const stored = variants.map(({ size, bytes }) => ({ size, bytes, key: `${folder}/${size}.jpg` }))
  const putAll = async () => {
    let wasThere = false
    for (const variant of stored) wasThere = (await store.put(variant.key, variant.bytes, 'image/jpeg')) || wasThere
    // Last, so that where an original is its variants are too.
    return (await store.put(key, bytes, contentType)) || wasThere
  }
  // Another album's, which may be forgotten, or just have been: what is deleted until it is claimed is put there again.
  if (await putAll()) {
    await claim(key)
    await putAll()
  }
  return {
    status: 'stored',
    asin,
    url,
    key,
    sha256,
    width,
    height,
    bytes: bytes.length,
    variants: stored.map(({ size, key }) => ({ size, key })),
  }
}
