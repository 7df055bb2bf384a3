import type { Product } from '../../album.ts'
import { MAX_NAMES, MAX_TITLE } from './bounds.ts'
import type { ArtistMatch } from './compare-artists.ts'
import type { TitleMatch } from './compare-titles.ts'
import { isStrongEditionWord } from './edition-words.ts'
import { isFilmComposer } from './film-composers.ts'
import { normalizeText } from './normalize-text.ts'
import type { Act } from './read-album-artists.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { YEARS_OF_DOUBT, yearsBetween } from './read-release-year.ts'
import { IS_CAST, IS_FILM, isOfShow } from './show-words.ts'
import { SOUNDTRACK } from './soundtrack-words.ts'
import { toTitleWords } from './title-forms.ts'
import { LONG_WORDS } from './why-leave-open.ts'

/** Titles of two musicals may share no more than words about the cast. */
const HELD = new Set<TitleMatch['kind']>(['equal', 'near', 'shortened', 'extended', 'contained'])
/** Singers are many there, and the composer is one. */
const IS_INDIAN_FILM =
  /\b(bollywood|(hindi|tamil|telugu|punjabi|malayalam|bengali|indian) (film|movie|songs|soundtrack|ost))\b/
const FOR_FILM = /\b(soundtracks?|ost|motion picture|film|movie|score|music from and inspired by)\b/

/**
 * Whether other artists than the album's may be of the same musical or film: one source has who wrote it, another who sings
 * it, or various artists. Its title, or who is credited, tells that it is one.
 */
export function isOneShow(
  { kind }: ArtistMatch,
  title: TitleMatch,
  album: AlbumTitle,
  acts: readonly Act[],
  product: Product,
): boolean {
  if ((kind !== 'different' && kind !== 'various') || !HELD.has(title.kind)) return false
  const names = product.contributors.slice(0, MAX_NAMES).map(({ name }) => name)
  const theirs = [product.title.slice(0, MAX_TITLE), ...names].map(normalizeText).join(' ')
  if (IS_INDIAN_FILM.test(theirs)) return true
  const isOfComposer = acts.some(({ key }) => isFilmComposer(key))
  // Of a long title there are not two films' records in a year.
  const isOnlyOne = album.length >= LONG_WORDS && isNear(album.releaseYear, product)
  if (kind === 'various' && (isOfComposer || isOnlyOne) && FOR_FILM.test(theirs)) return true
  if (album.releaseYear !== null && yearsBetween(album.releaseYear, product) === 0 && isItsMusic(album, product))
    return true
  if (!isOfShow(theirs)) return false
  const ours = [...album.noted.all, ...acts.map(({ name }) => normalizeText(name))].join(' ')
  if (isOfShow(ours)) return IS_FILM.test(ours) === IS_FILM.test(theirs)
  // Two are who wrote music and words, and so may one be under an equal title in the same year.
  if (title.kind === 'equal') return acts.length > 1 || isOfComposer || isNear(album.releaseYear, product)
  // Of the songs of a film, too, a cast may sing others.
  return (acts.length > 1 || isOfComposer) && !IS_CAST.test(theirs)
}

/** "Cowboy Bebop: Original Soundtrack 1" is by the band that plays it, or by who wrote it. */
function isItsMusic({ forms }: AlbumTitle, product: Product): boolean {
  const words = toTitleWords(product.title.slice(0, MAX_TITLE))
  if (!words.some((word) => /^(soundtracks?|ost)$/.test(word))) return false
  return forms.plain.some((form) => {
    const rest = words.slice(form.split(' ').length)
    return (
      words.join(' ').startsWith(`${form} `) &&
      rest.every((word) => SOUNDTRACK.has(word) || /^\d$/.test(word) || isStrongEditionWord(word))
    )
  })
}

const isNear = (year: number | null, product: Product) =>
  (yearsBetween(year, product) ?? Number.POSITIVE_INFINITY) <= YEARS_OF_DOUBT
