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

/** "蕭敬騰" and "萧敬腾": signs are written otherwise in China and on Taiwan, hardly all of a name; the list of them is short. */
function isOtherHan(one: string, other: string): boolean {
  if (one.length < 3 || one.length !== other.length || !/^\p{Script=Han}+$/u.test(one + other)) return false
  const others = [...other]
  return [...one].some((sign, at) => sign === others[at])
}

/** "(Hed) P.E." are (Hed) Planet Earth. */
function isInitialedRest(one: readonly string[], other: readonly string[]): boolean {
  const end = one.findIndex((word, at) => word !== other[at])
  const [initials = '', ...more] = end > 0 ? one.slice(end) : []
  const rest = other.slice(end)
  return more.length === 0 && rest.length > 1 && initials === rest.map((word) => word[0]).join('')
}

/** "Ghulam Mohd." is Ghulam Mohammed, "Wm. Shatner" William: before a full stop letters are left out of one word. */
function isAbbreviated(short: string, long: string): boolean {
  if (!short.includes('.')) return false
  const [fewer, more] = [toWords(short), toWords(long)]
  const at = fewer.findIndex((word, index) => word !== more[index])
  const [word = '', whole = ''] = [fewer[at], more[at]]
  if (fewer.length < 2 || fewer.length !== more.length || word.length < 2 || whole.length < word.length + 2)
    return false
  if (!short.toLowerCase().includes(`${word}.`)) return false
  const isRest = fewer.slice(at + 1).every((other, index) => other === more[at + 1 + index])
  return (
    isRest && word[0] === whole[0] && (whole.startsWith(word) || (word.at(-1) === whole.at(-1) && isIn(word, whole)))
  )
}

/** Whether a word has these letters in their order. */
function isIn(letters: string, word: string): boolean {
  let at = 0
  for (const letter of word) if (letter === letters[at]) at += 1
  return at === letters.length
}

/** "Hall & Oats" are Daryl Hall & John Oates: of the fewer words one may be misspelled, and one at least is not. */
function isMisspelledWithin(one: readonly string[], other: readonly string[]): boolean {
  const [fewer, more] = one.length < other.length ? [one, other] : [other, one]
  const strange = fewer.filter((word) => !more.includes(word))
  const [misspelled = ''] = strange
  if (strange.length !== 1 || !fewer.some((word) => word.length > 2 && more.includes(word))) return false
  return more.some((word) => word[0] === misspelled[0] && similarity(word, misspelled) >= ALIKE_FROM)
}

/** "X (The Band)" and "John Mayall's Bluesbreakers" are X and John Mayall with a word more. */
function isExplained(act: ReadName, name: string): boolean {
  const [bare = ''] = name.split(/[([]/)
  if (bare !== name && toKey(bare) === act.key) return true
  const [owner = '', owned = ''] = name.split(/['’]s /)
  // "Fela's Egypt 80" are Egypt 80.
  return owned !== '' && (toKey(owner) === act.key || toKey(owned) === act.key)
}

/** As countries write a name whose letters are others: "Khayyam", "Khaiyyaam"; "Fairuz", "Fairouz". */
const toSound = (text: string) =>
  text
    .replace(/ou|oo/g, 'u')
    .replace(/ee|y/g, 'i')
    .replace(/(.)\1+/g, '$1')

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
  const sound = toSound(whole)
  if (isOtherHan(act.name, name) || isExplained(act, name)) return true
  return [name, ...toPieces(name).map((piece) => piece.name)].some((piece) => {
    const words = toWords(piece)
    return (
      isRenamed(act.key, toKey(piece)) ||
      isLeaderOf(act.key, toKey(piece)) ||
      isInitialed(act.words, words) ||
      isInitialed(words, act.words) ||
      isInitialedRest(act.words, words) ||
      isInitialedRest(words, act.words) ||
      isMisspelledWithin(act.words, words) ||
      isAbbreviated(piece, act.name) ||
      isAbbreviated(act.name, piece) ||
      similarity(whole, words.join(' ')) >= ALIKE_FROM ||
      (sound.length >= 5 && sound === toSound(words.join(' ')))
    )
  })
}
