import type { Product } from '../../album.ts'

/** The year in which Amazon says that this edition came out, or null: it has 1900 and the like where it knows none. */
export function readReleaseYear(product: Product): number | null {
  const year = Number(/^\d{4}/.exec(product.releaseDate ?? '')?.[0] ?? Number.NaN)
  return year > 1910 ? year : null
}

/** Sources differ by a year or two about first releases. */
export const YEARS_OF_DOUBT = 2

/** Years between an album's release and a product's; null where one of them is not known. */
export function yearsBetween(year: number | null, product: Product): number | null {
  const released = readReleaseYear(product)
  return year === null || released === null ? null : Math.abs(released - year)
}
