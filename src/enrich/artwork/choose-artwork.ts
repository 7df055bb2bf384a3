import type { Product } from '../../album.ts'
import type { ArtworkCandidate } from './download-artwork.ts'
import { isTooSmall, sizeClass } from './image-size.ts'

/** download: keep the image and smaller copies. link: keep its URL only. off: nothing. */
export type ArtworkMode = 'download' | 'link' | 'off'

/** A matched product. */
export interface ArtworkLink {
  asin: string
  product: Product
}

export type ArtworkChoice =
  | { status: 'off' | 'kept' | 'none' }
  | { status: 'linked'; asin: string; url: string }
  | { status: 'download'; candidates: ArtworkCandidate[] }

/**
 * Decides what becomes of an album's artwork before anything is fetched.
 *
 * @param hasPrimaryImage whether the catalogue has a primary image, which is never replaced
 * @param links the album's accepted products, best first
 */
export function chooseArtwork(
  mode: ArtworkMode,
  hasPrimaryImage: boolean,
  links: readonly ArtworkLink[],
): ArtworkChoice {
  if (mode === 'off') return { status: 'off' }
  if (hasPrimaryImage) return { status: 'kept' }

  const candidates: ArtworkCandidate[] = []
  for (const { asin, product } of links) {
    const image = product.image
    // Editions often share one picture; fetching it again would fail again.
    if (image !== null && !isTooSmall(image) && !candidates.some((other) => other.image.url === image.url))
      candidates.push({ asin, image })
  }
  // In the products' order but for images that are better by a class: a sure product with a thumbnail comes last.
  candidates.sort((a, b) => sizeClass(b.image) - sizeClass(a.image))
  const [best] = candidates
  if (best === undefined) return { status: 'none' }
  if (mode === 'link') return { status: 'linked', asin: best.asin, url: best.image.url }
  return { status: 'download', candidates }
}
