import type { Product } from '../../album.ts'
import { MAX_NAMES } from './bounds.ts'
import { isPartOfProgramme, nameOneWork } from './compare-works.ts'
import { namesComposer } from './composers.ts'
import { numbersOf, readForeignNumber } from './fold-numbers.ts'
import { isCalledOtherwise, isWithin } from './is-called-otherwise.ts'
import { isTranslated, readLanguage } from './is-translated.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { readReleaseYear } from './read-release-year.ts'
import type { ReadTitle } from './read-title.ts'
import { isSoundtrackNote } from './soundtrack-words.ts'
import { toTitleWords } from './title-forms.ts'
import { translateWork } from './work-names.ts'

/** What a title of other words may yet be to the album's, so that nobody can say what it is instead. */
export function reconsiderTitle(
  album: AlbumTitle,
  given: ReadTitle,
  product: Product,
): 'extended' | 'alike' | 'translated' | 'different' {
  // "WACR2 Fleetwood Mac's Rumours": all but a word or two is artist and title.
  if (isWithin(album, given)) return 'extended'
  if (isCalledOtherwise(album, given)) return 'alike'
  const isWork = album.isClassical || album.namesComposer
  if ((isWork || namesComposer(product.title)) && nameOneWork(album, given)) return 'alike'
  if (isWork && isPartOfProgramme(album, given, product)) return 'alike'
  const title = toTitleWords(given.core).join(' ')
  if (album.namesWork && translatesWork(album, title, product.title)) return 'alike'
  if (isByAll(album, given, product)) return 'alike'
  if (isSameEpisode(album, title) || isListedBySurname(album, given)) return 'alike'
  if (isOneInDigits(album, given)) return 'translated'
  if (isOfSameNames(album, title)) return 'alike'
  if (album.isGeneric) return 'different'
  // "Le Fabuleux Destin d'Amélie Poulain (Amelie)".
  if (given.notes.some((note) => album.forms.whole.includes(toTitleWords(note).join(' ')))) return 'alike'
  // "Live 1966 (The Bootleg Series Vol. 4)": the number in a series, which the album's title begins with.
  const isOfSeries = (note: string) => album.forms.short.includes(note) && numbersOf(note.split(' ')).length > 0
  if (given.notes.some((note) => isOfSeries(toTitleWords(note).join(' ')))) return 'alike'
  if (isShortOfFilm(album, given)) return 'alike'
  const isSameYear = album.releaseYear !== null && album.releaseYear === readReleaseYear(product)
  return isTranslated(album.spoken, readLanguage(product.title, given.core, album.nameWords), isSameYear)
    ? 'translated'
    : 'different'
}

/** Also the first of several: "Vier letzte Lieder; 12 Orchesterlieder". */
function translatesWork({ forms }: AlbumTitle, title: string, whole: string): boolean {
  const first = toTitleWords(/^[^;]{1,200}/.exec(whole)?.[0] ?? '').join(' ')
  return forms.plain.some((form) => translateWork(form, title) || translateWork(form, first))
}

/** "Sieben" and "7", "4 gewinnt" and "Vier Gewinnt", "Halber Mensch" and "1/2 Mensch". */
function isOneInDigits({ forms }: AlbumTitle, given: ReadTitle): boolean {
  const inDigits = (words: readonly string[]) =>
    words.map((word) => readForeignNumber(word, words.length === 1) ?? word).join(' ')
  const theirs = inDigits(toTitleWords(given.core))
  return forms.plain.some((form) => {
    const ours = inDigits(form.split(' '))
    if (ours === theirs) return true
    return `${ours}|${theirs}`.includes('1 2') && ours.replace(HALF, '1 2') === theirs.replace(HALF, '1 2')
  })
}

/** "Alia Vox: La Folia - Savall": the title without its years stands between a label and who plays. */
function isListedBySurname({ forms, names }: AlbumTitle, { segments }: ReadTitle): boolean {
  const [last = '', ...others] = segments.toReversed()
  if (!names.some((name) => name.length > 1 && name.at(-1) === last)) return false
  const told = others.map((segment) => toTitleWords(segment).join(' '))
  return forms.plain.some((form) => told.includes(form.replace(YEARS, '')))
}

const YEARS = /( 1\d\d\d| 20\d\d){1,2}$/

/** As normalized words; "and", which may stand before it, is no title word. */
const HALF = /\b(a )?(half|halb(e[mnrs]?)?|demie?|medi[ao]|mezz[ao]|mei[ao])\b/g

/** "Amélie (Original Soundtrack)" is how another country calls "Le Fabuleux Destin d'Amélie Poulain". */
function isShortOfFilm({ spoken }: AlbumTitle, given: ReadTitle): boolean {
  if (!given.notes.some(isSoundtrackNote)) return false
  const words = toTitleWords(given.core)
  return words.some((word) => word.length >= TELLING_LENGTH) && words.every((word) => spoken.telling.includes(word))
}

/** "Die drei Fragezeichen 19 Teufelsberg MC": of a series that is named the number and a telling word are enough. */
function isSameEpisode({ forms, names, nameWords, noted }: AlbumTitle, title: string): boolean {
  if (!names.some((name) => ` ${title} `.includes(` ${name.join(' ')} `))) return false
  const theirs = title.split(' ')
  return forms.plain.some((form) => {
    const words = form.split(' ')
    const [number, ...others] = numbersOf(words)
    if (number === undefined || others.length > 0 || !numbersOf(theirs).includes(number)) return false
    if (words.length === 1) return noted.all.some((text) => text.includes('folge'))
    return words.some((word) => word.length >= TELLING_LENGTH && !nameWords.has(word) && theirs.includes(word))
  })
}

const TELLING_LENGTH = 5

/** "Thelonious Monk with John Coltrane" is "Monk w/ Coltrane": a title of nothing but the names of several. */
function isOfSameNames({ names, nameWords, forms }: AlbumTitle, title: string): boolean {
  if (names.length < 2) return false
  const isOfNames = (form: string) =>
    form.split(' ').every((word) => nameWords.has(word) || /^(w|with|meets)$/.test(word))
  const theirs = title.split(' ')
  return isOfNames(title) && forms.plain.some(isOfNames) && names.every((name) => theirs.includes(name.at(-1) ?? ''))
}

/** From here on the same people are hardly together for another record in the same year. */
const MANY = 3

/** "Carreras Domingo Pavarotti In Concert" is what else a concert of the three is called that year. */
function isByAll({ names, nameWords, noted, releaseYear }: AlbumTitle, given: ReadTitle, product: Product): boolean {
  if (names.length < MANY || releaseYear === null || releaseYear !== readReleaseYear(product)) return false
  const credited = new Set(product.contributors.slice(0, MAX_NAMES).flatMap(({ name }) => toTitleWords(name)))
  if (!names.every((name) => credited.has(name.at(-1) ?? ''))) return false
  const words = toTitleWords(noted.all[0] ?? '')
  const rest = words.filter((word) => !nameWords.has(word))
  const theirs = toTitleWords(given.core)
  return rest.length > 0 && rest.length < words.length && rest.every((word) => theirs.includes(word))
}
