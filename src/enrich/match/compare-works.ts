import type { ReadTitle } from './read-title.ts'
import { type Forms, toTitleWords } from './title-forms.ts'
import { nameSameWork } from './work-names.ts'

/** An album's title that names works of a composer. */
interface WorkTitle {
  forms: Forms
  nameWords: ReadonlySet<string>
}

/** "St Matthew Passion" and "Matthäus-Passion" share the word that is no form of music. */
export function nameOneWork({ forms, nameWords }: WorkTitle, given: ReadTitle): boolean {
  const words = new Set(toTitleWords(given.core).filter((word) => isTelling(word) && !nameWords.has(word)))
  const title = toTitleWords(given.core).join(' ')
  return forms.plain.some((form) => form.split(' ').some((word) => words.has(word)) || nameSameWork(form, title))
}

/** "Sibelius" and "Sibelius: Violin Concerto" may be "Schoenberg / Sibelius: Violin Concertos": all words of one are in the other. */
export function isPartOfProgramme({ forms, nameWords }: WorkTitle, given: ReadTitle): boolean {
  const singular = (word: string) => word.replace(/ies$/, 'y').replace(/(?<=\p{L}{3})s$/u, '')
  const theirs = toTitleWords(given.core).map(singular)
  const isIn = (fewer: readonly string[], more: readonly string[]) =>
    fewer.length > 0 &&
    fewer.every((word) => more.includes(word) || nameWords.has(word)) &&
    fewer.some((word) => more.includes(word))
  return forms.plain.some((form) => {
    const ours = form.split(' ').map(singular)
    return isIn(theirs, ours) || isIn(ours, theirs)
  })
}

const isTelling = (word: string) => word.length >= 5 && !FORMS_OF_MUSIC.test(word)
const FORMS_OF_MUSIC =
  /^(symphon|sinfon|concert|sonat|quart|quint|trio|piano|klavier|violin|cello|flute|organ|orgel|orchest|string|suite|partita|etude|prelud|nocturn|waltz|walzer|lieder|songs|arias?|works?|werke|complete|opera|choral|chamber|music|musik|great|major|minor|select|highlight|dance|overture|ouvert|variation|ballad|mazurk|fantas|impromptu|scherz|rhapsod|serenad|divertiment|masses|motets)/
