import type { Album, Product } from '../../album.ts'
import { compareForms, type TitleKind } from './compare-forms.ts'
import { isEditionWord } from './edition-words.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import { findOtherRecord, type OtherRecord } from './other-record-words.ts'
import { type ReadTitle, readTitle } from './read-title.ts'
import { type Forms, toForms } from './title-forms.ts'

/** How the product's title stands to the album's. */
export interface TitleMatch {
  kind: TitleKind
  reason: string
  /** A sign, in the words that only the product has, that it is another record. */
  other: OtherRecord | null
  /** A sign, in a note that only the album has, that this may be an earlier record. */
  lack: OtherRecord | null
  /** What the product's title says about the pressing. */
  editions: string[]
}

/** What is beyond is not looked at, so that the cost is bounded. */
const MAX_TITLE = 600

/** Compares an album's title with a product's, with and without artist, subtitle and words about the pressing. */
export function compareTitles(album: Album, product: Product): TitleMatch {
  const names = album.artists.slice(0, 10).map(({ name }) => toWords(name))
  const wanted = album.title
    .slice(0, MAX_TITLE)
    .split(/\s+=\s+/)
    .slice(0, 4)
    .map(readCatalogueTitle)
  const given = readTitle(product.title)
  const ours = wanted.map((title) => toForms(title, names))
  const theirs = toForms(given, names)
  const { editions } = given
  const extra = extraWords(album, product, given, names)
  // "At Fillmore East" is a concert, so "Live At Fillmore East" is no other record.
  const isSameConcert = extra === 'live' && /\blive (at|in|from) /.test(given.core)
  const other = isSameConcert ? null : findOtherRecord(extra)
  const told = { other, lack: findLack(wanted, product), editions }
  let kind = compareForms(merge(ours), theirs)
  // "Howlin' Wolf / Moanin' In The Moonlight" is two records, though one of them has the artist's name.
  const isWhole = ours.some(({ plain }) => plain.some((form) => theirs.plain.includes(form)))
  if (given.isList && kind !== 'different' && !isWhole) kind = 'extended'
  if (kind === 'extended' && isSameConcert) kind = 'equal'
  if (kind !== 'extended') return { kind, reason: REASONS[kind], ...told }

  if (given.isList) return { kind, reason: REASONS[kind], ...told, other: BUNDLE }
  // A leftover of colours is no other record: "Trench Yellow/Green Limited Edition Colored Vinyl".
  const words = extra.split(' ').filter(Boolean)
  if (editions.length > 0 && words.every((word) => isEditionWord(word) && !/^\d+$/.test(word)))
    return { kind: 'equal', reason: REASONS.equal, ...told }
  // After an artist's name comes the name of another record: "Buena Vista Social Club At Carnegie Hall".
  const core = toWords(given.core)
  if (names.some((name) => ours.some(({ whole }) => whole.includes(name.join(' '))) && core.length > name.length))
    return { kind: 'different', reason: 'the title only names the artist', ...told }
  return { kind, reason: REASONS[kind], ...told }
}

const BUNDLE: OtherRecord = { kind: 'bundle', reason: 'several records in one', pattern: /\// }

/** Kinds of which the album's own record differs by its note; "(The Best Of)" is left out at will. */
const TELLING_NOTES = new Set(['live', 'version', 'single', 'tribute', 'interview'])

const REASONS: Record<TitleKind, string> = {
  equal: 'the titles are equal',
  shortened: 'the titles are equal but for a subtitle',
  near: 'the titles differ by spelling',
  sequel: 'the titles are equal but for a number',
  extended: "the product's title goes on after the album's",
  alike: 'the titles share words',
  different: 'the titles are different',
}

/** In a catalogue the words at the end are the title's: "The Marshall Mathers LP 2" has no two discs. */
function readCatalogueTitle(title: string): ReadTitle {
  const read = readTitle(title)
  return { ...read, core: read.tailed, segments: read.segments.length === 1 ? [read.tailed] : read.segments }
}

/** Of "Red (Taylor's Version)" a product called "Red" lacks the note that tells it from the first recording. */
function findLack(wanted: ReadTitle[], product: Product): OtherRecord | null {
  const told = normalizeText(product.title)
  const signs = wanted.flatMap(({ notes }) => notes).map((note) => findOtherRecord(note))
  const lack = signs.find((sign) => sign && TELLING_NOTES.has(sign.kind) && !sign.pattern.test(told))
  return lack ?? null
}

/** What the product says and the album's title does not: there other records give themselves away. */
function extraWords(album: Album, product: Product, given: ReadTitle, names: string[][]): string {
  const known = new Set([...normalizeText(album.title).split(' '), ...names.flat()])
  const formats = [product.edition ?? '', ...product.formats.slice(0, 10)].map(normalizeText)
  return [given.tailed, ...given.notes, ...formats]
    .join(' ')
    .split(' ')
    .filter((word) => word !== '' && !known.has(word))
    .join(' ')
}

function merge(forms: Forms[]): Forms {
  return {
    plain: forms.flatMap(({ plain }) => plain),
    whole: forms.flatMap(({ whole }) => whole),
    short: forms.flatMap(({ short }) => short),
  }
}
