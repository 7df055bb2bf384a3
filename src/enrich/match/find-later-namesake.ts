import type { Album, Product } from '../../album.ts'
import { MAX_NAMES } from './bounds.ts'
import type { TitleMatch } from './compare-titles.ts'
import { isBareNote } from './edition-words.ts'
import { isFilmComposer } from './film-composers.ts'
import { isStranger, toActs } from './find-other-performers.ts'
import { numbersOf } from './fold-numbers.ts'
import { normalizeText } from './normalize-text.ts'
import type { AlbumArtists } from './read-album-artists.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { readReleaseYear, yearsBetween } from './read-release-year.ts'
import { IS_SOUNDTRACK } from './soundtrack-words.ts'

/** Artists make a second album of their name after some years. */
const SELF_TITLED_YEARS = 2
/** What is older than CDs came out on them for the first time, which is the year that shops tell. */
const CD_YEARS = { first: 1984, all: 1988 }
/** Series count from one in each country, and none is at the same number in the same year. */
const SERIES_YEARS = 3
/** Films are remade, and samplers called as others were, after many years. */
const REMAKE_YEARS = 8
/** From here on a title of various artists is hardly given twice. */
const LONG_WORDS = 4
/** And up to here an artist may give it twice, with others: "The Trio". */
const SHORT_WORDS = 2
const CAST = /\bcast\b/

/**
 * Why a product of the same title may be another record that came years later: the artist's second of that name, the
 * series of another country, the film made anew, another collection of songs. Null where an edition says that it is the same once more.
 */
export function findLaterNamesake(
  { kind, editions }: TitleMatch,
  album: Album,
  { isSelfTitled, isGeneric, length, forms, nameWords }: AlbumTitle,
  { acts, isVarious }: AlbumArtists,
  product: Product,
): string | null {
  // Of a title that is another anyhow the years say nothing.
  if (kind !== 'equal' && kind !== 'near' && kind !== 'shortened') return null
  const isNumbered = () => forms.plain.some((form) => numbersOf(form.split(' ')).length > 0)
  const country = isVarious ? editions.find((edition) => isBareNote(edition)) : undefined
  if (
    country !== undefined &&
    isNumbered() &&
    !isToldBy(album, country) &&
    (yearsBetween(album.releaseYear, product) ?? SERIES_YEARS) >= SERIES_YEARS
  )
    return `series of several countries have the number, and "${country.slice(0, 80)}" names one`
  const released = readReleaseYear(product)
  if (album.releaseYear === null || released === null || editions.length > 0 || product.edition !== null) return null
  const years = released - album.releaseYear
  const told = (what: string) => `${what}, and it came ${years} years after the album`
  const isFirstCd = album.releaseYear < CD_YEARS.all && released >= CD_YEARS.first
  if (isSelfTitled && years >= SELF_TITLED_YEARS && !isFirstCd)
    return told('several albums of an artist may have the name')
  if (years < SERIES_YEARS) return null
  if (isVarious && isNumbered()) return told('series of several countries have the number')
  if (years < REMAKE_YEARS) return null
  if (isVarious && (isGeneric || length < LONG_WORDS))
    return told('various artists are on many records of such a title')
  const isOf = (pattern: RegExp) => [album.title, product.title].some((title) => pattern.test(normalizeText(title)))
  if (isOf(IS_SOUNDTRACK) || isOf(CAST) || acts.some(({ key }) => isFilmComposer(key)))
    return told('films and musicals are made anew')
  if (isFirstCd || isVarious) return null
  const isNamed = forms.plain.some((form) => form.split(' ').some((word) => nameWords.has(word)))
  if (isGeneric && !isNamed && !isNumbered()) return told('an artist may have several collections of such a title')
  const other = product.contributors
    .slice(0, MAX_NAMES)
    .flatMap(({ name }) => toActs(name))
    .find((words) => isStranger(words, acts) && !words.some((word) => nameWords.has(word)))
  return length <= SHORT_WORDS && other !== undefined ? told(`${other.join(' ').slice(0, 60)} is named, too`) : null
}

/** Whether the album's title names the country as well. */
function isToldBy({ title }: Album, country: string): boolean {
  const told = new Set(normalizeText(title).split(' '))
  return country.split(' ').every((word) => told.has(word))
}
