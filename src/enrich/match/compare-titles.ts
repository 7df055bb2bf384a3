import type { Album, Product } from '../../album.ts'
import { isEditionWord } from './edition-words.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import { findOtherRecord, type OtherRecord } from './other-record-words.ts'
import { type ReadTitle, readTitle } from './read-title.ts'
import { similarity, wordOverlap } from './similarity.ts'

/** How the product's title stands to the album's. */
export interface TitleMatch {
  kind: 'equal' | 'shortened' | 'near' | 'sequel' | 'extended' | 'alike' | 'different'
  reason: string
  /** A sign, in the words that only the product has, that it is another record. */
  other: OtherRecord | null
  /** What the product's title says about the pressing. */
  editions: string[]
}

/** Above: a misspelling of the same title. Below it are sequels and near-namesakes. */
const NEAR_FROM = 0.82
/** From here a person would look twice; two words of three in common are still another album of the artist. */
const ALIKE_FROM = 0.7
/** Shorter titles have too few letters for likeness to mean anything ("Red", "Reds"). */
const NEAR_MIN_LENGTH = 6
/** Only long titles are cut short by Amazon or a scraper. */
const CUT_MIN_LENGTH = 16

/** Share of a longer title's words from which ours may be its subject. */
const PART_FROM = 1 / 3
/** In long titles one word more or less is a matter of spelling ("I'm Not", "I Am Not"). */
const LONG_LENGTH = 24
const LONG_NEAR_FROM = 0.94

/** Bounds the cost when a title has many artists and segments. */
const MAX_FORMS = 12

interface Forms {
  /** The title as it stands. */
  plain: string[]
  /** Spellings of the whole title, the plain ones among them. */
  whole: string[]
  /** The title without its subtitle or its notes. */
  short: string[]
}

/** Compares an album's title with a product's, with and without artist, subtitle and words about the pressing. */
export function compareTitles(album: Album, product: Product): TitleMatch {
  const names = album.artists.slice(0, 10).map(({ name }) => toWords(name))
  const wanted = album.title
    .split(/\s+=\s+/)
    .slice(0, 4)
    .map(readCatalogueTitle)
  const given = readTitle(product.title)
  const ours = wanted.map((title) => toForms(title, names))
  const theirs = toForms(given, names)
  const editions = given.editions
  const extra = extraWords(album, product, given, names)
  // "At Fillmore East" is a concert, so "Live At Fillmore East" is no other record.
  const isSameConcert = extra === 'live' && /\blive (at|in|from) /.test(given.core)
  const other = isSameConcert ? null : findOtherRecord(extra)
  let kind = compareForms(merge(ours), theirs)
  // "Howlin' Wolf / Moanin' In The Moonlight" is two records, though one of them has the artist's name.
  const isWhole = ours.some(({ plain }) => plain.some((form) => theirs.plain.includes(form)))
  if (given.isList && kind !== 'different' && !isWhole) kind = 'extended'
  if (kind === 'extended' && isSameConcert) kind = 'equal'
  if (kind !== 'extended') return { kind, reason: REASONS[kind], other, editions }

  if (given.isList) return { kind, reason: REASONS[kind], other: BUNDLE, editions }
  // A leftover of colours is no other record: "Trench Yellow/Green Limited Edition Colored Vinyl".
  const words = extra.split(' ').filter(Boolean)
  if (editions.length > 0 && words.every((word) => isEditionWord(word) && !/^\d+$/.test(word)))
    return { kind: 'equal', reason: REASONS.equal, other, editions }
  // After an artist's name comes the name of another record: "Buena Vista Social Club At Carnegie Hall".
  const core = toWords(given.core)
  if (names.some((name) => ours.some(({ whole }) => whole.includes(name.join(' '))) && core.length > name.length))
    return { kind: 'different', reason: 'the title only names the artist', other, editions }
  return { kind, reason: REASONS[kind], other, editions }
}

const BUNDLE: OtherRecord = { kind: 'bundle', reason: 'several records in one', pattern: /\// }

const REASONS: Record<TitleMatch['kind'], string> = {
  equal: 'the titles are equal',
  shortened: 'the titles are equal but for a subtitle',
  near: 'the titles differ by spelling',
  sequel: 'the titles are equal but for a number',
  extended: "the product's title goes on after the album's",
  alike: 'the titles share words',
  different: 'the titles are different',
}

function compareForms(ours: Forms, theirs: Forms): TitleMatch['kind'] {
  if (ours.whole.some((form) => theirs.whole.includes(form) || theirs.plain.includes(form))) return 'equal'
  if (ours.short.some((form) => theirs.whole.includes(form))) return 'shortened'
  if (ours.whole.some((ourForm) => theirs.whole.some((form) => isNear(ourForm, form)))) return 'near'
  if (ours.whole.some((ourForm) => theirs.whole.some((form) => isSequel(ourForm, form)))) return 'sequel'
  if (theirs.short.some((form) => ours.whole.includes(form))) return 'extended'
  if (ours.whole.some((ourForm) => theirs.whole.some((form) => isExtended(ourForm, form)))) return 'extended'
  const overlap = Math.max(
    ...ours.whole.flatMap((ourForm) =>
      theirs.whole.map((form) => wordOverlap(tellingWords(ourForm), tellingWords(form))),
    ),
  )
  return overlap >= ALIKE_FROM ? 'alike' : 'different'
}

/** Goes on after our title, or holds it as a good part: "AM" is no part worth a look of a title of nine words. */
function isExtended(ours: string, theirs: string): boolean {
  if (` ${theirs} `.startsWith(` ${ours} `)) return true
  return ` ${theirs} `.includes(` ${ours} `) && ours.split(' ').length / theirs.split(' ').length >= PART_FROM
}

/**
 * Misspelled or cut short, with the same numbers: "Volume 1" is near to "Volume 2" by letters only. Words that differ
 * begin alike: people mistype the middle of a word, and "Isolation Boulevard" answers "Desolation Boulevard".
 */
function isNear(ours: string, theirs: string): boolean {
  if (Math.min(ours.length, theirs.length) < NEAR_MIN_LENGTH) return false
  if (numbersOf(ours) !== numbersOf(theirs)) return false
  if (ours.replaceAll(' ', '') === theirs.replaceAll(' ', '')) return true
  if (theirs.length >= CUT_MIN_LENGTH && ours.startsWith(theirs) && ours.length - theirs.length <= 3) return true
  const likeness = similarity(ours, theirs)
  if (ours.length >= LONG_LENGTH && likeness >= LONG_NEAR_FROM) return true
  const left = ours.split(' ')
  const right = theirs.split(' ')
  if (left.length !== right.length || likeness < NEAR_FROM) return false
  return left.every((word, index) => word[0] === right[index]?.[0])
}

const NUMBERS = /\d+|\b(i{1,3}|iv|vi{0,3}|ix|x|one|two|three|four|five)\b/g

function numbersOf(text: string): string {
  return (text.match(NUMBERS) ?? []).join(' ')
}

/** "Santana" and "Santana III", "My World" and "My World 2.0"; a year may be that of an edition and says nothing. */
function isSequel(ours: string, theirs: string): boolean {
  const [left, right] = [ours, theirs].map((text) => text.replace(NUMBERS, '').replace(/\b(volume|part)\b|\s+/g, ''))
  if (left !== right || left === '' || numbersOf(ours) === numbersOf(theirs)) return false
  return !/\b(19|20)\d\d\b/.test(`${ours} ${theirs}`)
}

/** A title does not end with these. */
const DANGLING = new Set(['', 'of', 'with', 'by', 'a', 'to', 'for', 'in', 'is'])

/** Words that many titles share. */
const FILLERS = new Set(
  'a an of in on at to for my your i is it from by original motion picture soundtrack music inspired film'.split(' '),
)

function tellingWords(form: string): string[] {
  const words = form.split(' ')
  const telling = words.filter((word) => !FILLERS.has(word))
  return telling.length > 0 ? telling : words
}

function toForms(title: ReadTitle, names: string[][]): Forms {
  const segments = title.segments.map((segment) => toWords(segment))
  const core = toWords(title.core)
  const noted = toWords([title.core, ...title.notes].join(' '))
  const nameless = segments.filter((segment) => !names.some((name) => isSame(segment, name))).flat()
  const plain = [core, noted, toWords(title.tailed)]
  const whole = [core, noted, nameless, ...plain.flatMap((form) => stripNames(form, names))]
  // A segment that is the artist's name is no short title, unless there is nothing else.
  const short = [core, ...segments, ...segments.flatMap((form) => stripNames(form, names))].filter(
    (form) => segments.length === 1 || !names.some((name) => isSame(form, name)),
  )
  return { plain: toTexts(plain), whole: toTexts(whole), short: toTexts(short) }
}

function toTexts(forms: string[][]): string[] {
  return [...new Set(forms.map((form) => form.join(' ')).filter((form) => form !== ''))].slice(0, MAX_FORMS)
}

/** "Sam Cooke at the Copa", "Black Celebration by Depeche Mode", "Simon & Garfunkel's Greatest Hits" without the artist. */
function stripNames(form: string[], names: string[][]): string[][] {
  return names.flatMap((name) => {
    const stripped: string[][] = []
    const head = form.slice(0, name.length)
    if (form.length > name.length && (isSame(head, name) || isSame(head, possessive(name))))
      stripped.push(form.slice(name.length))
    const tail = form.slice(-name.length)
    const before = form.slice(0, -name.length)
    if (form.length > name.length && isSame(tail, name))
      stripped.push(before.at(-1) === 'by' ? before.slice(0, -1) : before)
    // "The Velvet Underground & Nico" minus one of them is the other, "Songs Of Leonard Cohen" minus him no title.
    return stripped.filter(
      (rest) => !DANGLING.has(rest.at(-1) ?? '') && !names.some((other) => other !== name && isSame(rest, other)),
    )
  })
}

function possessive(name: string[]): string[] {
  return [...name.slice(0, -1), `${name.at(-1)}s`]
}

function isSame(left: string[], right: string[]): boolean {
  return left.length === right.length && left.every((word, index) => word === right[index])
}

/** In a catalogue the words at the end are the title's: "The Marshall Mathers LP 2" has no two discs. */
function readCatalogueTitle(title: string): ReadTitle {
  const read = readTitle(title)
  return { ...read, core: read.tailed, segments: read.segments.length === 1 ? [read.tailed] : read.segments }
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
