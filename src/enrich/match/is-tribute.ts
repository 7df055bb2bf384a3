import { normalizeText, toWords } from './normalize-text.ts'
import type { Act } from './read-album-artists.ts'

/** What makes of a name beside it somebody who plays what others made, in the languages of the larger marketplaces. */
const BESIDE =
  /\b(tribut[eo]s?|hommages?|homage|homenaje|homenagem|omaggio|karaoke|singers|cover ?band|revival band|covers|in the style|im stil|made famous by|sing along|songbook|string quartet|lullaby|rockabye|(music|songs|hits) of)\b/
/** Before the name of whose songs they are; after it they say what somebody does: "Ella Fitzgerald Sings". */
const BEFORE =
  /\b(plays?|performs?|performing|performed by|sings?|salutes?|celebrates?|celebrating|honou?rs|spielt|spielen|singt|joue|chante|toca|canta|suona)\b/
const SURELY = /\b(tribut[eo]s?|karaoke|cover ?band)\b/

/** Whether a name is that of others who play what one of the artists made: "Hells Belles - A Tribute To AC/DC". */
export function isTributeTo(name: string, acts: readonly Act[]): boolean {
  const normal = normalizeText(name)
  const verb = BEFORE.exec(normal)
  const told = BESIDE.test(normal) ? normal : verb === null ? '' : normal.slice(verb.index + verb[0].length)
  if (told === '' || acts.some(({ name: own }) => isCalledSo(normalizeText(own)))) return false
  // The Borodin Quartet is one of strings.
  if (acts.some(({ words }) => words.includes('quartet'))) return false
  const words = toWords(told)
  return acts.some((act) => act.words.every((word) => words.includes(word)))
}

/** Whether it is such a name, whosever songs they play, where none of the artists is called so. */
export function isTribute(name: string, acts: readonly Act[]): boolean {
  return SURELY.test(normalizeText(name)) && !acts.some(({ name: own }) => isCalledSo(normalizeText(own)))
}

const isCalledSo = (normal: string) => BESIDE.test(normal) || BEFORE.test(normal)
