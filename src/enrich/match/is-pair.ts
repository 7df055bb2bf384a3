import { MAX_TITLE } from './bounds.ts'
import { numbersOf } from './fold-numbers.ts'
import { readTitle } from './read-title.ts'
import { type Forms, toTitleWords } from './title-forms.ts'

/** "Trans-Europa Express / Trans-Europe Express": of several titles one is ours, the others may be it in other languages. */
export function isPair(ours: Forms, title: string): boolean {
  const parts = title
    .slice(0, MAX_TITLE)
    .replace(/[([].*$/, '')
    .split(/\s\/\s/)
    .map((part) => toTitleWords(readTitle(part).core).join(' '))
  if (parts.filter((part) => ours.whole.includes(part)).length !== 1) return false
  if (parts.length <= 2) return parts.length === 2
  // Three are as often three records, unless all are of one year.
  const [number, ...others] = parts.map((part) => numbersOf(part.split(' ')).join(' '))
  return number !== '' && others.every((other) => other === number)
}
