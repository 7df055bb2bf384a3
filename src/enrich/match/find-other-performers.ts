import { isInitialed, isNobody, toNameWords, toRuns, toSpellings } from './artist-names.ts'
import { isComposer, isEnsemble } from './composers.ts'
import { isOtherOrchestra } from './is-other-orchestra.ts'
import { toWords } from './normalize-text.ts'

/** Somebody credited on the album. */
interface Credited {
  name: string
  words: readonly string[]
  /** See toKey. */
  key: string
  /** The same without umlauts. */
  spelledKey: string
  isComposer: boolean
}

/**
 * Why an equal composer or orchestra is not enough, or null: when one side names performers that the other has not, it
 * may be another recording of the work.
 *
 * @param names everybody whom the product names
 * @param heard of them, those who perform
 * @param title the product's
 * @param isGeneric whether the title names a work of anybody ("Symphony No. 5")
 * @param isWork whether the album's title names a composer ("Elgar: Cello Concerto")
 */
export function findOtherPerformers(
  acts: readonly Credited[],
  names: string[],
  heard: string[],
  title: string,
  isGeneric: boolean,
  isWork: boolean,
): string | null {
  const keys = new Set(
    names
      .flatMap(toSpellings)
      .flatMap(toRuns)
      .map(({ key }) => key),
  )
  const has = ({ key, spelledKey, words }: Credited) =>
    keys.has(key) ||
    keys.has(spelledKey) ||
    names.some((name) => isInitialed(words, toWords(name)) || isSpacedOtherwise(words, toWords(name)))
  const composer = findOtherComposer(acts, names, has, isGeneric)
  if (composer !== null) return `another composer is named: ${composer}`
  const lead = findLead(acts, title, has)
  if (lead !== null) return `the title names ${lead} where the composer stands`
  const shared = acts.filter(has)
  const missing = acts.filter((act) => !has(act))
  const isPerformerShared = !shared.every((act) => act.isComposer || isEnsemble(act.words))
  const credited = new Set(acts.map(({ key }) => key))
  const strange = heard
    .flatMap(toActs)
    .filter((words) => !isComposer(words) && !credited.has([...new Set(words)].sort().join(' ')))
  // Of a composer whom no list knows the players tell the records apart, too.
  if (isPerformerShared && !(isWork || acts.some((act) => act.isComposer))) {
    const other = missing.length > 0 ? strange.find((words) => isStranger(words, acts)) : undefined
    return other === undefined ? null : `another is named: ${other.join(' ').slice(0, 60)}`
  }
  if (isPerformerShared) {
    // "Tosca" of Callas and de Sabata, and that of Callas and Prêtre; Kleiber's Seventh in Vienna and in Munich.
    const orchestras = missing.filter((act) => isEnsemble(act.words))
    const another = strange.find((words) =>
      isEnsemble(words)
        ? orchestras.length > 0 && orchestras.every((act) => isOtherOrchestra(act.words, words))
        : missing.some(isSoloist),
    )
    return another === undefined ? null : `other performers are named: ${another.join(' ').slice(0, 60)}`
  }
  const performer = strange[0]?.join(' ').slice(0, 60)
  if (missing.length > 0 && performer !== undefined) return `other performers are named: ${performer}`
  const absent = missing.find((act) => !act.isComposer)
  if (absent !== undefined) return `the product does not name ${absent.name.slice(0, 60)}`
  const isBare = shared.length > 0 && shared.every((act) => act.isComposer)
  return isBare && performer !== undefined ? `performers are named that the album has not: ${performer}` : null
}

/** "MINGUS,CHARLIE" is Charles Mingus. */
export const isStranger = (words: readonly string[], acts: readonly Pick<Credited, 'words'>[]) =>
  !isNobody(words.join(' ')) && !words.some((word) => word.length > 3 && acts.some((act) => act.words.includes(word)))

/** "2 Pac", "ACDC". */
const isSpacedOtherwise = (words: readonly string[], other: readonly string[]) =>
  words.length !== other.length && words.join('') === other.join('')

const isSoloist = (act: Credited) => !act.isComposer && !isEnsemble(act.words)

/** "Rutter: Requiem" is not the Requiem that Fauré wrote and Rutter conducts. */
function findLead(acts: readonly Credited[], title: string, has: (act: Credited) => boolean): string | null {
  const composers = acts.filter((act) => act.isComposer)
  if (composers.length === 0 || composers.some(has)) return null
  const lead = toWords(/^([^:]{1,60}):/.exec(title)?.[1] ?? '')
  const isLead = (act: Credited) => lead.length > 0 && lead.every((word) => act.words.includes(word))
  return !composers.some(isLead) && acts.some(isLead) ? lead.join(' ') : null
}

/** Of the same performers, the symphonies of two composers are two records. */
function findOtherComposer(
  acts: readonly Credited[],
  names: string[],
  has: (act: Credited) => boolean,
  isGeneric: boolean,
): string | null {
  const ours = acts.filter((act) => act.isComposer)
  if (ours.length === 0 ? !isGeneric : ours.every(has)) return null
  const isOurs = (words: readonly string[]) =>
    ours.some((act) => act.key === [...new Set(words)].sort().join(' ') || isInitialed(act.words, words))
  const theirs = names.flatMap(toActs).find((words) => isComposer(words) && !isOurs(words))
  return theirs?.join(' ').slice(0, 60) ?? null
}

/** The acts of a list as words; what "&" joins and "LAST,FIRST" stays one. */
export function toActs(names: string): (readonly string[])[] {
  return names
    .slice(0, 400)
    .split(/\s*[;|/]\s*|,\s+|\s+and\s+/)
    .map((name) => toNameWords(name))
    .filter((words) => words.join('') !== '')
}
