import { normalizeText, toWords } from './normalize-text.ts'
import type { Act } from './read-album-artists.ts'
import { remember } from './remember.ts'

/** What makes of a name beside it somebody who plays what others made, in the languages of the larger marketplaces. */
const BESIDE =
  /\b(tribut[eo]s?|hommages?|homage|homenaje|homenagem|omaggio|karaoke|singers|cover ?band|revival band|covers|in the style|im stil|made famous by|sing along|songbook|string quartet|lullaby|rockabye|(music|songs|hits) of)\b/
/** Before the name of whose songs they are; after it they say what somebody does: "Ella Fitzgerald Sings". */
const BEFORE =
  /\b(plays?|performs?|performing|performed by|sings?|salutes?|celebrates?|celebrating|honou?rs|spielt|spielen|singt|joue|chante|toca|canta|suona)\b/
const SURELY = /\b(tribut[eo]s?|karaoke|cover ?band)\b/

interface Told {
  /** What is said of those whose songs they are, in normalized words; null where nothing is. */
  of: string | null
  isSure: boolean
}

const readTold = remember((name: string): Told => {
  const normal = normalizeText(name)
  const verb = BEFORE.exec(normal)
  const after = verb === null ? null : normal.slice(verb.index + verb[0].length)
  return { of: BESIDE.test(normal) ? normal : after, isSure: SURELY.test(normal) }
})

/** Whether a name is that of others who play what one of the artists made: "Hells Belles - A Tribute To AC/DC". */
export function isTributeTo(name: string, acts: readonly Act[]): boolean {
  const { of } = readTold(name)
  if (of === null || acts.some(isCalledSo)) return false
  // The Borodin Quartet is one of strings.
  if (acts.some(({ words }) => words.includes('quartet'))) return false
  const words = toWords(of)
  return acts.some((act) => act.words.every((word) => words.includes(word)))
}

/** Whether it is such a name, whosever songs they play, where none of the artists is called so. */
export function isTribute(name: string, acts: readonly Act[]): boolean {
  return readTold(name).isSure && !acts.some(isCalledSo)
}

const isCalledSo = ({ name }: Act) => readTold(name).of !== null
