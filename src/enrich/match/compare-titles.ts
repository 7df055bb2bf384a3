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
const NEAR_FROM = 0.86
/** From here a person would look twice; two words of three in common are still another album of the artist. */
const ALIKE_FROM = 0.7
/** Shorter titles have too few letters for likeness to mean anything ("Red", "Reds"). */
const NEAR_MIN_LENGTH = 6

interface Forms {
  /** Spellings of the whole title. */
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
    .map((title) => readTitle(title))
  const given = readTitle(product.title)
  const ours = wanted.map((title) => toForms(title, names))
  const theirs = toForms(given, names)
  const editions = given.editions
  const extra = extraWords(album, given, names)
  const other = isSameConcert(album.title, extra) ? null : findOtherRecord(extra)
  const kind = compareForms(merge(ours), theirs)
  // A leftover of colours is no other record: "Trench Yellow/Green Limited Edition Colored Vinyl".
  const onlyPressing = editions.length > 0 && extra.split(' ').every((word) => word === '' || isEditionWord(word))
  if (kind === 'extended') {
    if (given.isList) return { kind, reason: REASONS[kind], other: BUNDLE, editions }
    // After an artist's name comes the name of another record: "Buena Vista Social Club At Carnegie Hall".
    const core = toWords(given.core)
    if (names.some((name) => ours.some(({ whole }) => whole.includes(name.join(' '))) && core.length > name.length))
      return { kind: onlyPressing ? kind : 'different', reason: 'the title only names the artist', other, editions }
    if (onlyPressing) return { kind: 'equal', reason: REASONS.equal, other, editions }
  }
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
  if (ours.whole.some((form) => theirs.whole.includes(form))) return 'equal'
  if (ours.short.some((form) => theirs.whole.includes(form))) return 'shortened'
  if (ours.whole.some((ourForm) => theirs.whole.some((form) => isNear(ourForm, form)))) return 'near'
  if (ours.whole.some((ourForm) => theirs.whole.some((form) => isSequel(ourForm, form)))) return 'sequel'
  if (theirs.short.some((form) => ours.whole.includes(form))) return 'extended'
  if (ours.whole.some((ourForm) => theirs.whole.some((form) => ` ${form} `.includes(` ${ourForm} `)))) return 'extended'
  const overlap = Math.max(
    ...ours.whole.flatMap((ourForm) =>
      theirs.whole.map((form) => wordOverlap(tellingWords(ourForm), tellingWords(form))),
    ),
  )
  return overlap >= ALIKE_FROM ? 'alike' : 'different'
}

/** Misspelled or cut short, with the same numbers: "Volume 1" is near to "Volume 2" by letters only. */
function isNear(ours: string, theirs: string): boolean {
  if (Math.min(ours.length, theirs.length) < NEAR_MIN_LENGTH) return false
  if (numbersOf(ours) !== numbersOf(theirs)) return false
  const squeezed = [ours.replaceAll(' ', ''), theirs.replaceAll(' ', '')] as const
  if (squeezed[0] === squeezed[1]) return true
  const cutShort = theirs.length >= 16 && ours.startsWith(theirs) && ours.length - theirs.length <= 3
  return cutShort || similarity(ours, theirs) >= NEAR_FROM
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

const FILLERS = new Set(['a', 'an', 'of', 'in', 'on', 'at', 'to', 'for', 'my', 'your', 'i', 'is', 'it', 'from', 'by'])

function tellingWords(form: string): string[] {
  const words = form.split(' ')
  const telling = words.filter((word) => !FILLERS.has(word))
  return telling.length > 0 ? telling : words
}

function toForms(title: ReadTitle, names: string[][]): Forms {
  const segments = title.segments.map((segment) => toWords(segment))
  const core = toWords(title.core)
  const noted = toWords([title.core, ...title.notes].join(' '))
  const edition = toWords([title.core, ...title.editions].join(' '))
  const tellingSegments = segments.filter((segment) => !names.some((name) => isSame(segment, name)))
  const whole = [
    core,
    noted,
    edition,
    tellingSegments.flat(),
    ...[core, noted].flatMap((form) => stripNames(form, names)),
  ]
  const short = [core, ...segments, ...segments.flatMap((form) => stripNames(form, names))].filter(
    (form) => !names.some((name) => isSame(form, name)) || segments.length === 1,
  )
  return { whole: toTexts(whole), short: toTexts(short) }
}

function toTexts(forms: string[][]): string[] {
  return [...new Set(forms.map((form) => form.join(' ')).filter((form) => form !== ''))]
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
    // "The Velvet Underground & Nico" minus one of them is the other, not a title.
    return stripped.filter((rest) => rest.length > 0 && !names.some((other) => other !== name && isSame(rest, other)))
  })
}

function possessive(name: string[]): string[] {
  return [...name.slice(0, -1), `${name.at(-1)}s`]
}

function isSame(left: string[], right: string[]): boolean {
  return left.length === right.length && left.every((word, index) => word === right[index])
}

/** What the product's title says and the album's does not: there other records give themselves away. */
function extraWords(album: Album, given: ReadTitle, names: string[][]): string {
  const known = new Set([...normalizeText(album.title).split(' '), ...names.flat()])
  return [given.core, ...given.notes]
    .join(' ')
    .split(' ')
    .filter((word) => !known.has(word))
    .join(' ')
}

/** "At Fillmore East" is a concert, so "Live At Fillmore East" is no other record. */
function isSameConcert(albumTitle: string, extra: string): boolean {
  return extra === 'live' && /\b(at|in|from) /i.test(albumTitle)
}

function merge(forms: Forms[]): Forms {
  return { whole: forms.flatMap(({ whole }) => whole), short: forms.flatMap(({ short }) => short) }
}
