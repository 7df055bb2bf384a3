import { isNear, OTHER_LETTER } from './compare-forms.ts'
import { isWrittenBySound } from './is-transliterated.ts'
import type { ReadTitle } from './read-title.ts'
import { type Forms, toTitleWords } from './title-forms.ts'

interface Called {
  forms: Forms
  /** The artists' names as title words. */
  names: (readonly string[])[]
  /** Words of the artists' names. */
  nameWords: ReadonlySet<string>
  isGeneric: boolean
}

/** What people call an album without a title of its own, in title words. */
const UNTITLED =
  /^(lp ?\d{1,2}|untitled|self titled|eponymous|(1st|2nd|3rd|4th|5th) (album|lp)|(white|black|blue|red|green|pink|yellow|orange|purple|gold|silver|grey|gray|brown|teal) (album|record|lp))$/
/** A word that few other titles have. */
const LONG_WORD = 7
const MAX_INITIALS = 8
/** Shorter numbers are in many titles of a row. */
const LONG_NUMBER = /^\d{2,4}$/

/**
 * Whether a title without a word's likeness to the album's may yet be a name for it, so that nobody can say what it is
 * instead: "LP2" or "The White Album" for one with the artist's name, "MBDTF", "NOW 45", "Illinois" for "Come On Feel The
 * Illinoise", "Blond" for "Blonde".
 */
export function isCalledOtherwise(album: Called, given: ReadTitle): boolean {
  const theirs = toTitleWords(given.core)
  const their = theirs.join(' ')
  // Of those with the artist's name one may have a number: "Led Zeppelin IV".
  const isNamed = (form: string) => album.names.some((name) => form.replace(/ \d{1,2}$/, '') === name.join(' '))
  if (UNTITLED.test(their)) return album.forms.whole.some(isNamed)
  return album.forms.plain.some((our) => {
    if (isHalfTranslated(our, their) || isHalfTranslated(their, our) || isOtherHan(our, their)) return true
    if (isWrittenBySound(our.split(' '), theirs)) return true
    if (UNTITLED.test(our)) return album.names.some((name) => name.join(' ') === their)
    const ours = our.split(' ')
    const [fewer, more] = ours.length <= theirs.length ? [ours, theirs] : [theirs, ours]
    // Of "RTJ2" the number tells which it is; "CSN" is any of theirs.
    if (isShortFor(fewer, more)) return !album.isGeneric || /\d$/.test(fewer.at(-1) ?? '')
    return !album.isGeneric && (isLongWordOf(fewer, more) || isLetterMore(our, their))
  })
}

/** "화양연화 Young Forever" is "The Most Beautiful Moment In Life: Young Forever": what is in our letters stands there whole. */
function isHalfTranslated(one: string, other: string): boolean {
  if (!OTHER_LETTER.test(one) || OTHER_LETTER.test(other)) return false
  const rest = one.split(' ').flatMap((word) => COUNTED.exec(word)?.[1] ?? (OTHER_LETTER.test(word) ? [] : word))
  if (rest.length > 1) return ` ${other} `.includes(` ${rest.join(' ')} `)
  // "BADモード" is "Bad Mode": of a word of two scripts ours begins or ends the other title.
  const [letters = '', ...more] = one.match(/[a-z]+/g) ?? []
  if (more.length > 0 || letters.length < 3 || other.split(' ').length > MAX_HALVES) return false
  return other.startsWith(`${letters} `) || other.endsWith(` ${letters}`)
}

/** Korean albums are counted so ("19집"); normalized text has the letters of the syllable apart. */
const COUNTED = /^(\d{1,3})\u110c\u1175\u11b8$/

/** Longer titles have a word of three letters by chance. */
const MAX_HALVES = 3

/** Signs are written otherwise in China, on Taiwan and in Japan, and the list of them is not whole: most are the same. */
function isOtherHan(one: string, other: string): boolean {
  if (one.length < 3 || one.length !== other.length || !/^\p{Script=Han}+$/u.test(one + other)) return false
  const others = [...other]
  const differing = [...one].filter((sign, at) => sign !== others[at])
  return (
    differing.length <= one.length / 3 && !/[一二三四五六七八九十上中下左右前后不没无非未]/.test(differing.join(''))
  )
}

/** Whether a note is the album's title, and the first letters of what stands before it. */
export function isShortened({ forms }: Pick<Called, 'forms'>, { core, notes }: ReadTitle): boolean {
  return notes.some((note) => forms.whole.includes(note) && isInitials(note, core.split(' ')))
}

/** By initials, with numbers whole ("JBG 3"), or by its first word and its number ("NOW 45"). */
function isShortFor(fewer: readonly string[], more: readonly string[]): boolean {
  const [first = '', number = '', ...others] = fewer
  if (others.length > 0 || more.length < 3) return false
  if (number !== '' && !/^\d+$/.test(number)) return false
  if (LONG_NUMBER.test(number) && first === more[0] && more.at(-1) === number) return true
  // "GHV2": of "Volume 2" the number is left.
  const short = `${first}${number}`.replace(/v(?=\d)/, '')
  return first.length >= 3 && first.length <= MAX_INITIALS && isInitials(short, more)
}

/** Of "the", "and" and "a", which title words have not, the first letter may be counted: "NWTS". */
function isInitials(short: string, words: readonly string[]): boolean {
  const initials = words.map((word) => (/^\d+$/.test(word) ? word : word[0])).join('')
  if (initials === short) return true
  const rest = short.replace(/[ta]/g, '')
  return rest.length >= 3 && rest === initials.replace(/[ta]/g, '')
}

/** The one word of a title is the last of a longer one. */
function isLongWordOf([word = '', ...others]: readonly string[], more: readonly string[]): boolean {
  if (others.length > 0 || word.length < LONG_WORD || more.length < 2) return false
  const last = more.at(-1) ?? ''
  return last === word || isLetterMore(last, word) || isNear(last, word)
}

/** "Blond", "Blonde"; a plural is another title. */
function isLetterMore(one: string, other: string): boolean {
  const [shorter, longer] = one.length < other.length ? [one, other] : [other, one]
  return (
    shorter.length >= 5 &&
    longer.length === shorter.length + 1 &&
    longer.startsWith(shorter) &&
    /[a-rt-z]$/.test(longer)
  )
}

const MAX_STRANGE_WORDS = 2

/** Whether all but a word or two of a title are the artist and the album's title. */
export function isWithin({ forms, nameWords, isGeneric }: Called, given: ReadTitle): boolean {
  const words = toTitleWords(given.core)
  if (isGeneric || !words.some((word) => nameWords.has(word))) return false
  const text = ` ${words.join(' ')} `
  return forms.plain.some((form) => {
    const rest = text.replace(` ${form} `, ' ').trim().split(' ')
    return (
      text.includes(` ${form} `) &&
      rest.filter((word) => !nameWords.has(word.replace(/s$/, '')) && !nameWords.has(word)).length <= MAX_STRANGE_WORDS
    )
  })
}
