import { remember } from './remember.ts'

/** Sounds that countries write otherwise, the longer ones first. */
const SOUNDS: [RegExp, string][] = [
  [/tsch|tch|sch|ch|sh|cz|ts|tz|c(?=[eiy])|z/g, 's'],
  [/kh|ck|q|c|g/g, 'k'],
  [/ph|ff|f|w/g, 'v'],
  [/th|d/g, 't'],
  [/x/g, 'ks'],
  [/[aeiouyjh]/g, ''],
  [/(.)\1+/g, '$1'],
]
/** Of shorter names too few sounds are left. */
const MIN_LETTERS = 7
const MIN_SOUNDS = 4

const toSounds = remember((word) => SOUNDS.reduce((rest, [letters, sound]) => rest.replace(letters, sound), word))

/**
 * Whether two names may be one that was written in another alphabet: "Pyotr Tchaikovsky" and "Peter Tschaikowsky",
 * "Umm Kulthum" and "Oum Kalthoum". Decided by the consonants of the last name; where that is equal, others bear it, too.
 *
 * @param wanted the words of a name, see toWords
 */
export function isTransliterated(wanted: readonly string[], given: readonly string[]): boolean {
  const [left = '', right = ''] = [wanted.at(-1), given.at(-1)]
  if (left === right || Math.min(left.length, right.length) < MIN_LETTERS) return false
  const sounds = toSounds(left)
  return sounds.length >= MIN_SOUNDS && sounds === toSounds(right)
}

/** Whether two titles have the same consonants word by word: "Enta Omri" and "Enta Omry". */
export function isWrittenBySound(ours: readonly string[], theirs: readonly string[]): boolean {
  if (ours.length < 2 || ours.length !== theirs.length) return false
  const sounds = ours.map(toSounds)
  return sounds.join('').length >= MIN_SOUNDS && sounds.join(' ') === theirs.map(toSounds).join(' ')
}
