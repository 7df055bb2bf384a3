import { isInitialed, isRenamed, toKey, toPieces } from './artist-names.ts'
import { isLeaderOf } from './leaders.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import { similarity } from './similarity.ts'

/** An artist's name, read once. */
export interface ReadName {
  name: string
  words: readonly string[]
  /** See toKey. */
  key: string
  /** The key without spaces: "ACDC" for "AC/DC". */
  joined: string
  /** See initialsOf. */
  initials: string[]
}

/** Spelling differences ("Weeknd", "Weekend") are above, other people below. */
const ALIKE_FROM = 0.8

/** A name by its first letters, in all the ways that fans and shops count them: with every word, or without small ones. */
export function initialsOf(name: string): string[] {
  const all = normalizeText(name).split(' ')
  const leading = all[0] === 'the' ? all.slice(1) : all
  const telling = all.filter((word) => !/^(the|and|of|in|at|on|a)$/.test(word))
  return [all, leading, toWords(name), telling].map((words) => words.map((word) => word[0]).join('')).filter(isAcronym)
}

const isAcronym = (initials: string) => initials.length >= 3

/** "周杰倫" and "周杰伦", "蕭敬騰" and "萧敬腾": signs are written otherwise in China and on Taiwan, hardly all of a name. */
function isOtherHan(one: string, other: string): boolean {
  if (one.length < 3 || one.length !== other.length || !/^\p{Script=Han}+$/u.test(one + other)) return false
  const others = [...other]
  return [...one].some((sign, at) => sign === others[at])
}

/** "X (The Band)" and "John Mayall's Bluesbreakers" are X and John Mayall with a word more. */
function isExplained(act: ReadName, name: string): boolean {
  const [bare = ''] = name.split(/[([]/)
  if (bare !== name && toKey(bare) === act.key) return true
  const [owner = ''] = name.split(/['’]s /)
  return owner !== name && toKey(owner) === act.key
}

/** Whether a name may be meant for another's: misspelled, shortened, renamed, or with more words. */
export function isAlikeName(act: ReadName, name: string): boolean {
  const otherWords = toWords(name)
  const shared = act.words.filter((word) => word.length > 2 && otherWords.includes(word)).length
  if (shared > 0 && (shared === act.words.length || shared === otherWords.length || shared > 1)) return true
  // "CSN&Y", "RATM", "OMD".
  const initials = otherWords.join('')
  if (initials.length >= 3 && (act.initials.includes(initials) || initialsOf(name).includes(act.joined))) return true
  // "(Sandy) Alex G": all words of one, the short ones as well.
  if (otherWords.length > 1 && otherWords.every((word) => act.words.includes(word))) return true
  const whole = act.words.join(' ')
  if (isOtherHan(act.name, name) || isExplained(act, name)) return true
  return [name, ...toPieces(name).map((piece) => piece.name)].some((piece) => {
    const words = toWords(piece)
    return (
      isRenamed(act.key, toKey(piece)) ||
      isLeaderOf(act.key, toKey(piece)) ||
      isInitialed(act.words, words) ||
      isInitialed(words, act.words) ||
      similarity(whole, words.join(' ')) >= ALIKE_FROM
    )
  })
}
