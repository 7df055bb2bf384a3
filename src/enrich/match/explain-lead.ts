import { toNameWords } from './artist-names.ts'
import { MAX_TITLE } from './bounds.ts'
import { isComposer, readLead } from './composers.ts'
import type { AlbumArtists } from './read-album-artists.ts'

/** Shorter ones are words as well. */
const LONG_SURNAME = 4

/** Whether the performers are listed in the title, by surname, where nobody is credited: "Handel: Messiah / Kirkby, Hogwood". */
export function listsPerformer({ acts, namesComposer }: AlbumArtists, title: string): boolean {
  // "Alia Vox: La Folia - Savall".
  const [, ...parts] = title.slice(0, MAX_TITLE).split(/\s[-–—]\s/)
  const last = toNameWords(parts.at(-1) ?? '').join(' ')
  if (acts.some(({ words }) => words.length > 1 && last.length >= LONG_SURNAME && last === words.at(-1))) return true
  if (!namesComposer && !acts.some(({ isComposer }) => isComposer)) return false
  const [, ...listed] = title.slice(0, MAX_TITLE).split(/\s\/\s/)
  const told = new Set(listed.flatMap((part) => toNameWords(part)))
  return acts.some(({ isComposer, isEnsemble, words }) => !isComposer && !isEnsemble && told.has(words.at(-1) ?? ''))
}

/**
 * Why performers on one side and the composer on the other may be of one record, or null: a shop or a catalogue that names
 * the one does not always name the others.
 *
 * @param names those whom the product credits
 */
export function explainLead(
  { acts, namesComposer }: AlbumArtists,
  names: readonly string[],
  title: string,
): string | null {
  const lead = readLead(title)
  if (lead === null && !namesComposer) return null
  const isOfComposers = names.every((name) => isComposer(toNameWords(name)))
  const isLed = lead !== null && isComposer(lead)
  // "Chopin: Nocturnes" by Chopin is played by somebody.
  if (isOfComposers && (namesComposer || (isLed && !acts.some((act) => act.isComposer))))
    return 'the product names no artist but the composer'
  // "Pärt: Tabula Rasa; Fratres" is by Pärt, whatever else is on it.
  if (isOfComposers || acts.length === 0) return null
  const isByAll = acts.every(({ isComposer, words }) => isComposer && lead?.at(-1) === words.at(-1))
  return isByAll ? 'performers are named where the album has the composer alone' : null
}
