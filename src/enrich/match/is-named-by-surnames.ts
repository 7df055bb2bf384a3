import { toPieces } from './artist-names.ts'
import { toWords } from './normalize-text.ts'
import type { Act } from './read-album-artists.ts'

/**
 * Whether a product names each of several artists by surname and nobody else: "McLaughlin, Di Meola, De Lucia". Of a work the
 * composer's surname is in most lists.
 */
export function isNamedBySurnames(acts: readonly Act[], names: readonly string[]): boolean {
  if (acts.length < 2 || acts.some(({ isComposer }) => isComposer)) return false
  const pieces = names.flatMap(toPieces).map(({ name }) => toWords(name).join(' '))
  const isOf = ({ words }: Act, piece: string) => piece !== '' && ` ${words.join(' ')}`.endsWith(` ${piece}`)
  return pieces.length === acts.length && acts.every((act) => pieces.some((piece) => isOf(act, piece)))
}
