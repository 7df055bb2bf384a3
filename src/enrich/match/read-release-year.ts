import type { Product } from '../../album.ts'

/** The year in which Amazon says that this edition came out, or null: it has 1900 and the like where it knows none. */
export function readReleaseYear(product: Product): number | null {
  const year = Number(/^\d{4}/.exec(product.releaseDate ?? '')?.[0] ?? Number.NaN)
  return year > 1910 ? year : null
}
