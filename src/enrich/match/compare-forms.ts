import { isStrongEditionWord } from './edition-words.ts'
import { numbersOf } from './fold-numbers.ts'
import { isTellingNote } from './is-telling-note.ts'
import { foldUmlauts } from './normalize-text.ts'
import { similarity, wordOverlap } from './similarity.ts'
import type { Forms } from './title-forms.ts'

/** How one title stands to another, from the nearest to the farthest. */
export type TitleKind =
  | 'equal'
  | 'near'
  | 'shortened'
  | 'sequel'
  | 'extended'
  | 'contained'
  | 'alike'
  | 'translated'
  | 'incomparable'
  | 'different'

/** Above: a misspelling of the same title, of one word or of a long title. */
const NEAR_FROM = 0.82
/** From here a person would look twice; two words of three in common are still another album of the artist. */
const ALIKE_FROM = 0.7
/** Shorter titles have too few letters for likeness to mean anything ("Red", "Reds"). */
const NEAR_MIN_LENGTH = 6
/** Only long titles are cut short by Amazon or a scraper. */
const CUT_MIN_LENGTH = 12
const CUT_MIN_SHARE = 0.5

/** Fewer words in their order are in many a long title. */
const WOVEN_WORDS = 3

/** Share of a longer title's words from which ours may be its subject. */
const PART_FROM = 1 / 3
/** In long titles one word more or less is a matter of spelling ("I'm Not", "I Am Not"). */
const LONG_LENGTH = 24
const LONG_NEAR_FROM = 0.94

export function compareForms(ours: Forms, theirs: Forms): TitleKind {
  const pairs = ours.whole.flatMap((our) => theirs.whole.map((their): [string, string] => [our, their]))
  if (ours.whole.some((form) => theirs.whole.includes(form) || theirs.plain.includes(form))) return 'equal'
  if (ours.plain.some((our) => theirs.plain.some((their) => isPressing(our, their)))) return 'equal'
  if (pairs.some(([our, their]) => isNear(our, their))) return 'near'
  const isSequelOf = pairs.map(([our, their]) => isSequel(our, their))
  if (isSequelOf.includes(true)) return 'sequel'
  if (ours.short.some((form) => theirs.whole.includes(form))) return 'shortened'
  if (theirs.short.some((form) => ours.whole.includes(form))) return 'extended'
  if (pairs.some(([our, their]) => isExtended(our, their))) return 'extended'
  if (ours.whole.some((our) => theirs.short.some((their) => isAuthored(our, their)))) return 'extended'
  if (pairs.some(([our, their]) => isContained(our, their) || isCut(our, their))) return 'contained'
  if (pairs.every(([our, their]) => isIncomparable(our, their))) return 'incomparable'
  const overlap = Math.max(
    ...pairs.map(([our, their]) =>
      haveOtherNumber(our, their) ? 0 : wordOverlap(tellingWords(our), tellingWords(their)),
    ),
  )
  if (overlap >= ALIKE_FROM || pairs.some(([our, their]) => isBegunAlike(our, their) || isWoven(our, their)))
    return 'alike'
  return 'different'
}

/** "Die drei ??? Folge 1: und der Super-Papagei" and "Folge 2: und der Phantomsee" share words as all of a row do. */
function haveOtherNumber(ours: string, theirs: string): boolean {
  const [left, right] = [numbersOf(ours.split(' ')), numbersOf(theirs.split(' '))]
  return left.length > 0 && right.length > 0 && !left.some((number) => right.includes(number))
}

/** "A Christmas Gift For You From Philles Records" goes on otherwise at another shop. */
function isBegunAlike(ours: string, theirs: string): boolean {
  const right = theirs.split(' ')
  const left = ours.split(' ')
  const end = left.findIndex((word, at) => word !== right[at])
  const begin = left.slice(0, end === -1 ? left.length : end)
  if (haveOtherNumber(ours, theirs)) return false
  // "Live At Wembley '86", "Live At Wembley Stadium".
  if (begin.length === 3 && begin[0] === 'live' && FILLERS.has(begin[1] ?? ''))
    return !/^.{1,3}$|^santa$/.test(begin[2] ?? '')
  return begin.length >= 4 && begin.filter((word) => !FILLERS.has(word)).length >= 2
}

/** Key and opus stand between: "Symphony No. 9 From The New World" in "Symphony No. 9 In E Minor, Op. 95 From The New World". */
function isWoven(ours: string, theirs: string): boolean {
  const [shorter = [], longer = []] = [tellingWords(ours), tellingWords(theirs)].sort((a, b) => a.length - b.length)
  if (shorter.length < WOVEN_WORDS) return false
  let at = 0
  for (const word of longer) if (word === shorter[at]) at += 1
  return at === shorter.length
}

/**
 * Goes on after our title ("Sgt. Pepper", "Sgt. Pepper's Lonely Hearts Club Band"), or holds it as a good part: "AM" is no
 * part worth a look of a title of nine words.
 */
function isExtended(ours: string, theirs: string): boolean {
  if (` ${theirs} `.startsWith(` ${ours} `) || (ours.includes(' ') && theirs.startsWith(`${ours}s `))) return true
  return ` ${theirs} `.includes(` ${ours} `) && ours.split(' ').length / theirs.split(' ').length >= PART_FROM
}

/** "William Shakespeare's Romeo + Juliet": whose it is stands before a title of two words at least. */
function isAuthored(ours: string, theirs: string): boolean {
  if (!theirs.endsWith(` ${ours}`) || !ours.includes(' ')) return false
  const before = theirs.slice(0, -ours.length - 1).split(' ')
  return before.length <= 3 && (before.at(-1)?.endsWith('s') ?? false)
}

/** Two words of ours in a row may be what a shop calls it: "Ziggy Stardust". */
function isContained(ours: string, theirs: string): boolean {
  if (isExtended(theirs, ours)) return true
  return ` ${ours} `.includes(` ${theirs} `) && tellingWords(theirs).length >= 2
}

/** Goes on with nothing but words about the pressing: "The Marshall Mathers LP Reissued". */
function isPressing(ours: string, theirs: string): boolean {
  const rest = theirs.startsWith(`${ours} `) ? theirs.slice(ours.length + 1).split(' ') : []
  return rest.length > 0 && rest.every((word) => isStrongEditionWord(word)) && !isTellingNote(rest.join(' '))
}

/** The end of a long title is missing: "My Beautiful Dark Twiste". */
function isCut(ours: string, theirs: string): boolean {
  return theirs.length >= CUT_MIN_LENGTH && ours.startsWith(theirs) && theirs.length >= ours.length * CUT_MIN_SHARE
}

/**
 * Misspelled, with the same numbers. Words that differ begin alike and are long enough: people mistype the middle of a
 * word, while "Isolation" answers "Desolation", "Live" is not "Love", and "in D minor" is another work than "in D major".
 */
export function isNear(ours: string, theirs: string): boolean {
  if (isSpacedOtherwise(ours, theirs)) return true
  if (Math.min(ours.length, theirs.length) < NEAR_MIN_LENGTH) return false
  const left = ours.split(' ')
  const right = theirs.split(' ')
  if (numbersOf(left).join(' ') !== numbersOf(right).join(' ')) return false
  if (foldUmlauts(ours) === foldUmlauts(theirs)) return true
  if (theirs.length > CUT_MIN_LENGTH + 3 && ours.startsWith(theirs) && ours.length - theirs.length <= 3)
    return ours[theirs.length] !== ' '
  // "Believe" and "Believer" are two titles.
  if (left.length === 1 && (ours.startsWith(theirs) || theirs.startsWith(ours))) return false
  const likeness = similarity(ours, theirs)
  // "Secos e Molhados" are "Secos & Molhados", whose sign is gone by now.
  if (Math.abs(left.length - right.length) === 1 && ours.replace(AND, ' ') === theirs.replace(AND, ' ')) return true
  if (left.length !== right.length)
    return ours.length >= LONG_LENGTH && likeness >= LONG_NEAR_FROM && !hasTelling(left, right)
  if (likeness < NEAR_FROM) return false
  const differing = left.flatMap((word, index) => (word === right[index] ? [] : [[word, right[index] ?? '']]))
  return differing.length <= 2 && differing.every(([word = '', other = '']) => isMisspelled(word, other))
}

/** "LP 5" is "LP5" and "S&M 2" is "S&M2"; of letters alone only a title that is long enough is meant. */
function isSpacedOtherwise(ours: string, theirs: string): boolean {
  if (ours[0] !== theirs[0] || Math.abs(ours.length - theirs.length) > 6) return false
  if (ours.replaceAll(' ', '') !== theirs.replaceAll(' ', '')) return false
  // "4:44" is "444" where a shop leaves out all signs.
  if (/^\d{3,}$/.test(ours) || /^\d{3,}$/.test(theirs)) return true
  const digits = (text: string) => text.match(/\d+/g)?.join(' ') ?? ''
  if (digits(ours) !== digits(theirs)) return false
  return digits(ours) !== '' || Math.min(ours.length, theirs.length) >= NEAR_MIN_LENGTH
}

/** As other languages write "&", between two words. */
const AND = / (und|et|y|e|ed|og|och) (?=\S)/

/** Short words are other words when a letter differs; in longer ones one letter, a turned pair or two may be wrong. */
function isMisspelled(word: string, other: string): boolean {
  if (word[0] !== other[0] || TELLING.has(word) || TELLING.has(other)) return false
  const shorter = Math.min(word.length, other.length)
  if ([...word].sort().join('') === [...other].sort().join('')) return shorter >= 5
  const changes = Math.round((1 - similarity(word, other)) * Math.max(word.length, other.length))
  return shorter >= 5 && changes <= (shorter >= 8 ? 2 : 1) && !isPlural(word, other)
}

/** "Heart" and "Hearts" are two titles. */
function isPlural(word: string, other: string): boolean {
  return `${word}s` === other || `${other}s` === word
}

/** Words of which no spelling is another's: keys, and signs of another recording. */
const TELLING = new Set('major minor dur moll flat sharp live demo demos remix not no never without'.split(' '))

function hasTelling(left: string[], right: string[]): boolean {
  const differing = [...left.filter((word) => !right.includes(word)), ...right.filter((word) => !left.includes(word))]
  return differing.some((word) => TELLING.has(word) && word !== 'not')
}

/**
 * The same title with another number ("Chicago XI", "Chicago XIV"), or one of a row for the title without any
 * ("Santana", "Santana III"). The first of a row may be the title without a number, a year may be an edition's, and a
 * larger number its age ("Thriller 25"): these say nothing.
 */
export function isSequel(ours: string, theirs: string): boolean {
  const [left, right] = [ours, theirs].map((text) => text.split(' '))
  if (left === undefined || right === undefined) return false
  if (toNumberless(left) !== toNumberless(right) || toNumberless(left) === '') return false
  const [our, their] = [numbersOf(left), numbersOf(right)]
  const more = their.filter(
    (number) =>
      !our.some((other) => isOneNumber(other, number)) && !COUNTED_WORKS.test(right[right.indexOf(number) + 1] ?? ''),
  )
  if (more.length === 0 || (our.length === 0 && (isWholeRow(more) || isCounted(right)))) return false
  if (our.some((number) => !their.some((other) => isOneNumber(number, other)))) return true
  return more.some((number) => Number(number) > 1) && more.every((number) => Number(number) < 20)
}

/** "Europe '72" and "Europe 1972". */
const isOneNumber = (one: string, other: string) => toShortYear(one) === toShortYear(other)
const toShortYear = (number: string) => (/^19[4-9]\d$/.test(number) ? number.slice(2) : number)

/** "Hanni und Nanni 2 - schmieden neue Pläne": after the number of a series goes on the title that the album has without it. */
function isCounted(words: readonly string[]): boolean {
  const at = words.findIndex((word) => /^\d{1,3}$/.test(word))
  const after = words.slice(at + 1).filter((word) => !FILLERS.has(word) && !isStrongEditionWord(word))
  return at >= 0 && after.length >= 2
}

/** "The 6 String Quartets" are no sixth. */
const COUNTED_WORKS =
  /^(symphonies|concertos|sonatas|suites|quartets|trios|partitas|preludes|etudes|nocturnes|string|piano|violin|cello)$/

/** "Cello Suites Nos. 1-6" are all of them. */
function isWholeRow([first, ...others]: readonly string[]): boolean {
  return first === '1' && others.length > 0 && others.every((number) => Number(number) > 1)
}

function toNumberless(words: string[]): string {
  return words.filter((word) => numbersOf([word]).length === 0).join('')
}

/** In different scripts, or a sign beside words: no letter can speak for or against. */
function isIncomparable(ours: string, theirs: string): boolean {
  const [left, right] = [toScript(ours), toScript(theirs)]
  return left !== right && left !== 'number' && right !== 'number'
}

/** The script of a text; kana and kanji are one. */
export function toScript(text: string): string {
  // One letter among signs is a sign, too: "O(+>".
  if (text.length > 2 && text.length < 8 && text.replace(/[^\p{L}\p{N}]/gu, '').length === 1) return 'sign'
  if (PLAIN.test(text)) return 'latin'
  const others = text.match(OTHERS)?.length ?? 0
  const latin = text.match(LATIN)?.length ?? 0
  // "50周年記念SACD": a few letters of ours are in most notes of Japanese shops.
  if (latin > 0 && latin >= others) return 'latin'
  if (KANJI_OR_KANA.test(text)) return 'japanese or chinese'
  const letter = OTHER_LETTER.exec(text)?.[0]
  if (letter !== undefined) return SCRIPTS.find(([pattern]) => pattern.test(letter))?.[1] ?? 'other'
  return /\p{N}/u.test(text) ? 'number' : 'sign'
}

const KANJI_OR_KANA = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u
const PLAIN = /^[ -~]*[a-z][ -~]*$/i
/** A letter that is none of ours. */
export const OTHER_LETTER = /(?!\p{Script=Latin})\p{L}/u
const OTHERS = new RegExp(OTHER_LETTER, 'gu')
const LATIN = /\p{Script=Latin}/gu
const SCRIPTS: [RegExp, string][] = [
  [/\p{Script=Cyrillic}/u, 'cyrillic'],
  [/\p{Script=Greek}/u, 'greek'],
  [/\p{Script=Hangul}/u, 'korean'],
  [/\p{Script=Hebrew}/u, 'hebrew'],
  [/\p{Script=Arabic}/u, 'arabic'],
  [/\p{Script=Thai}/u, 'thai'],
]

/** Words that many titles share. */
const FILLERS = new Set(
  'a an of in on at to for my your i is it from by original motion picture soundtrack music inspired film complete'.split(
    ' ',
  ),
)

const ARTICLES = new Set(['und', 'der', 'die', 'das'])

function tellingWords(form: string): string[] {
  const words = form.split(' ')
  // "First Symphony" is "Symphony No. 1".
  const telling = words
    .filter((word) => !FILLERS.has(word) && !ARTICLES.has(word))
    .map((word) => word.replace(/^(\d+)(st|nd|rd|th)$/, '$1'))
  return telling.length > 0 ? telling : words
}
