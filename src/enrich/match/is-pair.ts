import { MAX_TITLE } from './bounds.ts'
import { readTitle } from './read-title.ts'
import { type Forms, toTitleWords } from './title-forms.ts'

/** "Trans-Europa Express / Trans-Europe Express": of two titles one is ours, the other may be it in another language. */
export function isPair(ours: Forms, title: string): boolean {
  const [first, second, ...others] = title
    .slice(0, MAX_TITLE)
    .replace(/[([].*$/, '')
    .split(/\s\/\s/)
    .map((part) => toTitleWords(readTitle(part).core).join(' '))
  if (first === undefined || second === undefined || others.length > 0) return false
  return ours.whole.includes(first) !== ours.whole.includes(second)
}
