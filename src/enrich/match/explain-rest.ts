import type { Product } from '../../album.ts'
import { MAX_TITLE } from './bounds.ts'
import { toScript } from './compare-forms.ts'
import { isEditionWord } from './edition-words.ts'
import { isTellingNote } from './is-telling-note.ts'
import { isMaybeNumbered } from './namesakes.ts'
import { isNickname } from './nicknames.ts'
import { normalizeText } from './normalize-text.ts'
import type { AlbumTitle } from './read-album-title.ts'
import { readReleaseYear } from './read-release-year.ts'
import type { ReadTitle } from './read-title.ts'
import { toTitleWords } from './title-forms.ts'

/**
 * What the words are by which a product's title goes on after the album's: a description of the pressing (`equal`), the title
 * of another record after the artist's name (`other`), or nobody knows (`extended`).
 *
 * @param extra see extraWords
 */
export function explainRest(
  album: AlbumTitle,
  given: ReadTitle,
  product: Product,
  extra: string,
): 'equal' | 'extended' | 'other' {
  const { names, forms } = album
  if (isAnniversary(album, given, product) || isOfOwnYear(album, given, product)) return 'equal'
  // A leftover of colours is no other record: "Trench Yellow/Green Limited Edition Colored Vinyl".
  const words = extra.split(' ').filter(Boolean)
  const isLeftover =
    words.length > 0 && words.every((word) => isEditionWord(word) && !/^\d+$/.test(word)) && !isTellingNote(extra)
  if (given.editions.length > 0 && isLeftover && isFirst(album, given)) return 'equal'
  // After an artist's name comes the name of another record: "Buena Vista Social Club At Carnegie Hall".
  // Words in another script name no other record: "Земфира Zemfira".
  const script = toScript(toTitleWords(given.core).join(' '))
  const core = toTitleWords(given.core).filter((word) => /\d/.test(word) || toScript(word) === script)
  // "Fleet Foxes + Sun Giant" is the album with an EP.
  const isJoined =
    product.title.slice(0, MAX_TITLE).includes('+') &&
    names.some((name) => `${normalizeText(given.core)} `.startsWith(`${name.join(' ')} and `))
  // "Rage Against The Machine - XX" is as old as that, and "Led Zeppelin I" the first of that name.
  const isAge = /^([2-9]\d|100)$/.test(core.at(-1) ?? '')
  const isCalledFirst =
    / (i|volume (1|one))$/.test(given.core) || (given.core.endsWith(' 1') && isMaybeNumbered(album, product))
  const rest = core.length - (isAge || isCalledFirst ? 1 : 0)
  // "Sarah Vaughan With Clifford Brown" has the guest in the title.
  const isWithGuest = names.some((name) => core.join(' ').startsWith(`${name.join(' ')} with `))
  if (isJoined || isWithGuest || isNicknamedBy(album, core) || isNicknamedInNote(album, given)) return 'extended'
  if (album.isSelfTitled && isNamedEdition(album, given)) return 'extended'
  const isName = names.some((name) => isLeftBy(name, core, rest) && forms.whole.includes(name.join(' ')))
  return isName ? 'other' : 'extended'
}

/** "Thriller 40" came forty years after; "Comalies XX" may be made anew, unless an edition is named. */
export function isAnniversary({ forms, releaseYear }: AlbumTitle, given: ReadTitle, product: Product): boolean {
  const words = toTitleWords(given.core)
  const [age, released] = [Number(words.at(-1)), readReleaseYear(product)]
  const isTold = given.core.endsWith(String(age)) || given.editions.some((edition) => OF_AN_AGE.test(edition))
  if (!(age >= 10 && age % 5 === 0) || !isTold || releaseYear === null || released === null) return false
  return Math.abs(released - releaseYear - age) <= 1 && forms.whole.includes(words.slice(0, -1).join(' '))
}

const OF_AN_AGE = /\b(ann?iver\w*|jubil\w*|remaster\w*|reissued?)\b/

/** "Heavy Rocks 2011" came out that year, as the album did. */
function isOfOwnYear({ forms, isGeneric, releaseYear }: AlbumTitle, given: ReadTitle, product: Product): boolean {
  const words = toTitleWords(given.core)
  if (isGeneric || releaseYear === null || words.at(-1) !== String(releaseYear)) return false
  return readReleaseYear(product) === releaseYear && forms.whole.includes(words.slice(0, -1).join(' '))
}

/** "Dua Lipa: The Complete Edition": a word that no list knows is the name of the edition. */
function isNamedEdition({ length }: AlbumTitle, { core, editions }: ReadTitle): boolean {
  return (
    editions.some((edition) => BARE_EDITION.test(edition)) && toTitleWords(core).length <= length + MAX_EDITION_NAME
  )
}

const BARE_EDITION = /^(edition|version|edicion|edizione|ausgabe)$/
const MAX_EDITION_NAME = 2

/** Whether title or artist begin a part of the product's: "Van Weezer" is no pressing of "Weezer". */
function isFirst({ forms, names }: AlbumTitle, { segments }: ReadTitle): boolean {
  const begins = [...forms.whole, ...names.map((name) => name.join(' '))]
  return segments.some((segment) => {
    const text = toTitleWords(segment).join(' ')
    return begins.some((begin) => `${text} `.startsWith(`${begin} `))
  })
}

/** "Peter Gabriel 3: Melt" is the third of that name, by its nickname. */
function isNicknamedBy({ artists, nameWords, releaseYear }: AlbumTitle, core: readonly string[]): boolean {
  const words = core.filter((word) => !nameWords.has(word) && !/^\d+$/.test(word))
  return words.length > 0 && isNickname(artists, words, releaseYear)
}

/** "Peter Gabriel 3 (Melt)". */
export const isNicknamedInNote = ({ artists, isSelfTitled, releaseYear }: AlbumTitle, { notes }: ReadTitle) =>
  isSelfTitled && notes.some((note) => isNickname(artists, toTitleWords(note), releaseYear))

/** Whether words are left beside an artist's name; "Peter Green's Fleetwood Mac" are Fleetwood Mac. */
function isLeftBy(name: readonly string[], core: readonly string[], length: number): boolean {
  if (length <= name.length) return false
  const isLast = core.slice(-name.length).join(' ') === name.join(' ')
  return !(isLast && core.length - name.length <= 3 && core.at(-name.length - 1)?.endsWith('s'))
}
