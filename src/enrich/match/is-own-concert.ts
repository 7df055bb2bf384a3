import type { Product } from '../../album.ts'
import { MAX_TITLE } from './bounds.ts'
import { creditsComposer } from './composers.ts'
import type { AlbumTitle } from './read-album-title.ts'

/** A recording comes out within this time. */
const YEARS_TO_RELEASE = 2
const YEAR = /(?<!\d)(19|20)\d\d(?!\d)/g

/**
 * Whether a work that is said to be live may be the album's own concert: "Symphony No. 9 [Live, Bayreuth, 29.7.1951]" tells
 * the year that stands in the album's title, or in which the album came out at the latest. Few classical titles say
 * "live" of what is.
 */
export function isOwnConcert(
  { isClassical, namesComposer, noted, releaseYear }: AlbumTitle,
  product: Product,
): boolean {
  if (!(isClassical || namesComposer || creditsComposer(product))) return false
  const years = (product.title.slice(0, MAX_TITLE).match(YEAR) ?? []).map(Number)
  const ours = noted.all.flatMap((text) => text.match(YEAR) ?? []).map(Number)
  if (ours.length > 0) return years.some((year) => ours.includes(year))
  return releaseYear !== null && years.some((year) => year <= releaseYear && year >= releaseYear - YEARS_TO_RELEASE)
}
