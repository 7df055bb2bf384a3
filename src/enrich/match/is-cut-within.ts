import { MAX_TITLE } from './bounds.ts'
import { normalizeText } from './normalize-text.ts'

/** "Beethoven: Symphonies Nos. 5 & 7 / Carlos Klei...": shorter beginnings are those of others, too. */
export function isCutWithin(title: string, acts: readonly { name: string }[]): boolean {
  const end = CUT.exec(title.slice(0, MAX_TITLE))?.[1]
  const begun = end === undefined ? '' : normalizeText(end.split(/ - | by /).at(-1) ?? '')
  return begun.length >= MIN_BEGUN && acts.some(({ name }) => normalizeText(name).startsWith(begun))
}

const CUT = /([^/]{1,80})(?:\.\.\.|…)\s*$/
const MIN_BEGUN = 6
