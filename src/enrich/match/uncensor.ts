import type { Product } from '../../album.ts'
import { MAX_TITLE } from './bounds.ts'
import type { AlbumTitle } from './read-album-title.ts'

/** "F***ing" of the album's "Fucking": what shops leave out is taken from the album's title. */
export function uncensor({ known }: AlbumTitle, product: Product): Product {
  const words = product.title.slice(0, MAX_TITLE).split(' ')
  const title = words.map((word) => (word.includes('*') ? findMeant(word, known) : word)).join(' ')
  return { ...product, title }
}

function findMeant(word: string, known: ReadonlySet<string>): string {
  const [first = '', ...others] = word
    .toLowerCase()
    .replace(/[^\p{L}*]/gu, '')
    .split('*')
  const last = others.at(-1) ?? ''
  // One at the end is a footnote's.
  if (first === '' || (last === '' && others.length < 2)) return word
  return [...known].find((own) => own.length > first.length && own.startsWith(first) && own.endsWith(last)) ?? word
}
