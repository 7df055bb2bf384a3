import type { Album, Product } from '../../album.ts'
import { toKey, toNameWords } from './artist-names.ts'
import { MAX_NAMES, MAX_TITLE } from './bounds.ts'
import type { AlbumArtists } from './read-album-artists.ts'

/**
 * Of a record that two share, "Emperor / Hordanes Land" by Emperor and Enslaved, "Hordanes Land" by Enslaved is one half by
 * itself: who is named in the album's title between strokes and nowhere on the product. Null when nobody is.
 */
export function findMissingPart(album: Album, { acts }: AlbumArtists, product: Product): string | null {
  if (acts.length < 2 || !album.title.includes('/')) return null
  const parts = album.title.slice(0, MAX_TITLE).split('/').map(toKey)
  const names = product.contributors.slice(0, MAX_NAMES).map(({ name }) => name)
  const told = new Set([product.title.slice(0, MAX_TITLE), ...names].flatMap(toNameWords))
  const missing = acts.find(({ key, words }) => parts.includes(key) && !words.every((word) => told.has(word)))
  return missing === undefined ? null : `the product has no part by ${missing.name.slice(0, 80)}`
}
