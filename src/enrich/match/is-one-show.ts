import type { Product } from '../../album.ts'
import { MAX_NAMES, MAX_TITLE } from './bounds.ts'
import type { ArtistMatch } from './compare-artists.ts'
import type { TitleMatch } from './compare-titles.ts'
import { isFilmComposer } from './film-composers.ts'
import { normalizeText } from './normalize-text.ts'
import type { Act } from './read-album-artists.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { isOfShow } from './show-words.ts'

const IS_CAST = /\bcast\b/
/** Singers are many there, and the composer is one. */
const IS_INDIAN_FILM =
  /\b(bollywood|(hindi|tamil|telugu|punjabi|malayalam|bengali|indian) (film|movie|songs|soundtrack|ost))\b/
const IS_FILM = /\b(movie|film|motion picture)\b/

/**
 * Whether other artists than the album's may be of the same musical: one source has who wrote it, another who sings it, or
 * various artists. Its title, or who is credited, tells that it is one.
 */
export function isOneShow(
  { kind }: ArtistMatch,
  title: TitleMatch,
  album: AlbumTitle,
  acts: readonly Act[],
  product: Product,
): boolean {
  if (kind !== 'different' && kind !== 'various') return false
  if (kind === 'various' && IS_INDIAN_FILM.test(normalizeText(product.title))) return true
  const names = product.contributors.slice(0, MAX_NAMES).map(({ name }) => name)
  const theirs = normalizeText([product.title.slice(0, MAX_TITLE), ...names].join(' '))
  if (!isOfShow(theirs)) return false
  const ours = [...album.noted.all, ...acts.map(({ name }) => normalizeText(name))].join(' ')
  if (isOfShow(ours)) return IS_FILM.test(ours) === IS_FILM.test(theirs)
  // Two are who wrote music and words. Of the songs of a film, too, a cast may sing others: its title has to be equal.
  const isWritten = acts.length > 1 || acts.some(({ key }) => isFilmComposer(key))
  return isWritten && (title.kind === 'equal' || !IS_CAST.test(theirs))
}
