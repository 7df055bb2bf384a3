import { foldNumbers } from './fold-numbers.ts'
import { foldUmlauts, normalizeText, toWords } from './normalize-text.ts'
import type { ReadTitle } from './read-title.ts'
import { remember } from './remember.ts'

/** Bounds the cost when a title has many artists and segments. */
const MAX_FORMS = 12

/** "cd stumm 26", "9362 48462 2": a number of two digits or more at the end, or next to it. */
const CATALOGUE_NUMBER = /\d{2,}( \d+)?$/

/** Spellings of one title, as words with one space between. */
export interface Forms {
  /** The title as it stands. */
  plain: string[]
  /** Spellings of the whole title, the plain ones among them. */
  whole: string[]
  /** The title without its subtitle or its notes. */
  short: string[]
}

/** Words of a title with their numbers folded. */
export const toTitleWords: (text: string) => readonly string[] = remember(readTitleWords)

function readTitleWords(text: string): readonly string[] {
  const words = toWords(text)
  // "MTV Unplugged" and "Unplugged" are one name, and "Etc., Etc." says no more than once.
  const isSaid = (word: string, at: number) =>
    (word === 'mtv' && words[at + 1] === 'unplugged') || (word === 'etc' && words[at - 1] === 'etc')
  return foldNumbers(words.filter((word, at) => !isSaid(word, at)))
}

/** @param artists the album's, each as title words: titles come with and without them */
export function toForms(title: ReadTitle, artists: (readonly string[])[]): Forms {
  const segments = title.segments.map((segment) => toTitleWords(segment))
  const core = toTitleWords(title.core)
  // "Dylan, Bob - Highway 61 Revisited".
  const isTurned = ([first = '', last = '', ...others]: readonly string[]) =>
    others.length === 0 && last !== '' && core.some((word, at) => word === last && core[at + 1] === first)
  const names = artists.flatMap((name) => (isTurned(name) ? [name, name.toReversed()] : [name]))
  const noted = [core, ...title.notes.map(toTitleWords)].flat()
  const isCounted = (at: number) => VOLUME.test(title.segments[at] ?? '')
  const isLed = (segment: readonly string[], at: number) =>
    names.some((name) => isNameOf(segment, name) || (isCounted(at) && isSame(segment.slice(0, -1), name)))
  const nameless = segments.filter((segment, at) => !isLed(segment, at)).flat()
  const led = title.beginsWithNote ? [[...toTitleWords(title.notes[0] ?? ''), ...core]] : []
  const plain = [core, noted, toTitleWords(title.tailed), ...led]
  const joined = normalizeText(`${title.core} ${title.notes.join(' ')}`)
  // "Fleetwood Mac & Rumours" is two albums, though one of them bears the band's name.
  const own = names.filter(
    (name) => !joined.includes(`${name.join(' ')} and `) && !joined.includes(` and ${name.join(' ')}`),
  )
  const whole = [
    core,
    noted,
    ...led,
    nameless,
    ...readSellerTitle(segments, names),
    // A note in another script is the same title, once more.
    ...title.notes.filter((note) => hasOtherScript(note, title.core)).map(toTitleWords),
    ...[...plain, nameless].flatMap((form) => stripNames(form, own)),
  ]
  // A segment that is the artist's name is no short title, unless there is nothing else.
  const short = [core, ...segments, ...segments.flatMap((form) => stripNames(form, names))].filter(
    (form) => segments.length === 1 || !names.some((name) => isSame(form, name)),
  )
  return { plain: toTexts(plain), whole: toTexts(whole), short: toTexts(short) }
}

/** The spellings of several titles of one album, as one. */
export function mergeForms(forms: Forms[]): Forms {
  return {
    plain: forms.flatMap(({ plain }) => plain),
    whole: forms.flatMap(({ whole }) => whole),
    short: forms.flatMap(({ short }) => short),
  }
}

/** Sellers write "Artist - Title - Label - Catalogue number": the number shows that the rest is no second title. */
function readSellerTitle(segments: (readonly string[])[], names: (readonly string[])[]): (readonly string[])[] {
  const [first, second] = segments
  const last = segments.at(-1)?.join(' ') ?? ''
  if (first === undefined || second === undefined || segments.length < 3) return []
  return names.some((name) => isSame(first, name)) && CATALOGUE_NUMBER.test(last) ? [second] : []
}

/** "Epik High Vol. 4 - Remapping The Human Soul": an artist's albums are counted before their titles. */
const VOLUME = / volume \d{1,2}$/

/** A part between colons that is nothing but the artist: "Beethoven: Symphony No. 9". */
function isNameOf(segment: readonly string[], name: readonly string[]): boolean {
  if (isSame(segment, name) || isInitialed(segment, name)) return true
  return segment.length === 1 && name.length > 1 && isSame(segment, name.slice(-1))
}

/** "J.S. Bach", "Bach, J.S.". */
function isInitialed(segment: readonly string[], name: readonly string[]): boolean {
  if (segment.length !== 2 || name.length < 2) return false
  const initials = name.slice(0, -1).map((word) => word[0])
  return [segment, segment.toReversed()].some(
    ([first = '', last]) => last === name.at(-1) && first.length < 4 && initials.join('').startsWith(first),
  )
}

function hasOtherScript(note: string, core: string): boolean {
  return /\p{Script=Latin}/u.test(note) !== /\p{Script=Latin}/u.test(core) && /\p{L}/u.test(note) && /\p{L}/u.test(core)
}

function toTexts(forms: (readonly string[])[]): string[] {
  return [...new Set(forms.map((form) => form.join(' ')).filter((form) => form !== ''))].slice(0, MAX_FORMS)
}

/** "Sam Cooke at the Copa", "Black Celebration by Depeche Mode", "Simon & Garfunkel's Greatest Hits" without the artist. */
function stripNames(form: readonly string[], names: (readonly string[])[]): (readonly string[])[] {
  return names.flatMap((name) => {
    const stripped: (readonly string[])[] = []
    const head = form.slice(0, name.length)
    if (form.length > name.length && (isSame(head, name) || isSame(head, possessive(name))))
      stripped.push(form.slice(name.length))
    const tail = form.slice(-name.length)
    const before = form.slice(0, -name.length)
    if (form.length > name.length && isSame(tail, name))
      stripped.push(before.at(-1) === 'by' || isOneMore(before, names) ? before.slice(0, -1) : before)
    // "The Velvet Underground & Nico" minus one of them is the other, "Songs Of Leonard Cohen" minus him no title.
    return stripped.filter(
      (rest) => !DANGLING.has(rest.at(-1) ?? '') && !names.some((other) => other !== name && isSame(rest, other)),
    )
  })
}

/** "Blues Breakers With Eric Clapton", who is one of several artists; of one alone "with" may be the title's. */
const isOneMore = (before: readonly string[], names: readonly (readonly string[])[]) =>
  before.length > 1 && before.at(-1) === 'with' && names.length > 1

function possessive(name: readonly string[]): string[] {
  return [...name.slice(0, -1), `${name.at(-1)}s`]
}

/** Of names: "Schönberg" is Schoenberg. */
function isSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false
  return left.every((word, index) => word === right[index] || foldUmlauts(word) === foldUmlauts(right[index] ?? ''))
}

/** A title does not end with these. */
const DANGLING = new Set(['', 'of', 'with', 'by', 'a', 'to', 'for', 'in', 'is'])
