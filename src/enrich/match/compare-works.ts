import type { Product } from '../../album.ts'
import { MAX_NAMES } from './bounds.ts'
import { isComposer } from './composers.ts'
import { numbersOf } from './fold-numbers.ts'
import { toWords } from './normalize-text.ts'
import type { AlbumTitle } from './read-album-title.ts'
import type { ReadTitle } from './read-title.ts'
import { type Forms, toTitleWords } from './title-forms.ts'
import { nameSameWork } from './work-names.ts'

/** An album's title that names works of a composer. */
interface WorkTitle {
  forms: Forms
  noted: { all: readonly string[] }
  nameWords: ReadonlySet<string>
}

/** "St Matthew Passion" and "Matthäus-Passion" share the word that is no form of music. */
export function nameOneWork({ forms, nameWords, noted }: WorkTitle, given: ReadTitle): boolean {
  if (haveOtherRange(noted.all[0] ?? '', given.tailed)) return false
  const words = new Set(toTitleWords(given.core).filter((word) => isTelling(word) && !nameWords.has(word)))
  const title = toTitleWords(given.core).join(' ')
  return forms.plain.some((form) => form.split(' ').some((word) => words.has(word)) || nameSameWork(form, title))
}

/** "Brandenburg Concertos Nos. 1-3" and "Nos. 4-6", in normalized words. */
function haveOtherRange(ours: string, theirs: string): boolean {
  const [, from, to] = RANGE.exec(ours) ?? []
  const [, theirFrom, theirTo] = RANGE.exec(theirs) ?? []
  if (to === undefined || theirTo === undefined) return false
  return Number(to) < Number(theirFrom) || Number(theirTo) < Number(from)
}

const RANGE = /\b(?:nos?|nr|numbers) (\d{1,3}) (\d{1,3})\b/

/**
 * "Sibelius" and "Sibelius: Violin Concerto" may be "Schoenberg / Sibelius: Violin Concertos": all words of one are in the
 * other, but for how many works there are ("24 Préludes") and a composer who is credited instead.
 */
export function isPartOfProgramme({ forms, nameWords }: WorkTitle, given: ReadTitle, product: Product): boolean {
  const credited = product.contributors.slice(0, MAX_NAMES).map(({ name }) => toWords(name))
  const composers = new Set(credited.filter(isComposer).flat())
  const words = toTitleWords(given.core)
  const theirs = words.map(toSingular)
  const isIn = (fewer: readonly string[], more: readonly string[]) =>
    fewer.length > 0 &&
    fewer.every((word) => more.includes(word) || nameWords.has(word) || composers.has(word)) &&
    fewer.some((word) => more.includes(word))
  return forms.plain.some((form) => {
    // "24 Préludes" are "Préludes", and no single one.
    const ours = form
      .split(' ')
      .filter((word, at, all) => !(/^\d+$/.test(word) && isCountOf(all[at + 1] ?? '', words)))
      .map(toSingular)
    return isIn(theirs, ours) || isIn(ours, theirs)
  })
}

const toSingular = (word: string) => word.replace(/ies$/, 'y').replace(/(?<=\p{L}{3})s$/u, '')
const isCountOf = (works: string, theirs: readonly string[]) =>
  works.endsWith('s') && isForm(works) && theirs.includes(works)

const isForm = (word: string) => FORMS_OF_MUSIC.test(word)
const isTelling = (word: string) => word.length >= 5 && !isForm(word)
const FORMS_OF_MUSIC =
  /^(symphon|sinfon|concert|sonat|quart|quint|trio|piano|klavier|violin|cello|flute|organ|orgel|orchest|string|suite|partita|etude|prelud|nocturn|waltz|walzer|lieder|songs|arias?|works?|werke|complete|opera|choral|chamber|music|musik|great|major|minor|select|highlight|dance|overture|ouvert|variation|ballad|mazurk|fantas|impromptu|scherz|rhapsod|serenad|divertiment|masses|motets)/

/** "Mahler: Sinfonie Nr. 9 D-Dur": a work that has its number, or one of few that have none, may be told with key and catalogue. */
export function isKeyOf({ isClassical, namesComposer, noted }: AlbumTitle, extra: string): boolean {
  if (!(isClassical || namesComposer) || extra === '') return false
  const isNumbered = noted.all.some((text) => numbersOf(toTitleWords(text)).length > 0)
  if (!isNumbered && /\b(op|opus) \d/.test(extra)) return false
  // A number by itself is another work's: "Symphony No. 5 & 6".
  const key = extra.replace(IN_CATALOGUE, ' ').trim()
  return key === '' || key.split(' ').every((word) => KEY.test(word))
}

const IN_CATALOGUE = /\b(op|opus|kv|k|bwv|d|hob|rv|woo) \d{1,4}\b/g
const KEY =
  /^([a-h](is|es|s)?|do|re|mi|fa|sol|la|si|dur|moll|major|minor|majeur|mineur|maggiore|minore|mayor|menor|in|en|flat|sharp|nr|no)$/
