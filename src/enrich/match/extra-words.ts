import type { Product } from '../../album.ts'
import { creditsComposer } from './composers.ts'
import { normalizeText } from './normalize-text.ts'
import type { AlbumTitle } from './read-album-title.ts'
import type { ReadTitle } from './read-title.ts'

/** What the product says and the album's title does not: there other records give themselves away. */
export function extraWords(
  { known, nameWords, isClassical, namesComposer }: AlbumTitle,
  product: Product,
  given: ReadTitle,
): string {
  const formats = [product.edition ?? '', ...product.formats.slice(0, 10)].map(normalizeText)
  const words = [given.tailed, ...given.notes, ...formats]
    .join(' ')
    .split(' ')
    .filter((word) => word !== '' && !isKnown(word, known, nameWords))
    .join(' ')
  const bare = words.replace(OF_WORKS, ' ').trim()
  if (isClassical || namesComposer || bare === words) return bare
  return COUNTED_WORKS.test(given.tailed) && creditsComposer(product) ? bare : words
}

/** Elsewhere a string quartet plays what others made, and songs are made orchestral. */
const OF_WORKS = /\b(string quartets?|orchestral|symphonic)\b/g
/** What composers wrote, also on an album that names singers alone. */
const COUNTED_WORKS =
  /\b(string quartets|orchestral (songs|works|pieces|suites)|symphonic (poems|dances|etudes|works))\b/

/** Whether the album has the word, in the singular or plural ("Taylor's" is none of Taylor), or what says as much. */
function isKnown(word: string, known: ReadonlySet<string>, names: ReadonlySet<string>): boolean {
  if (known.has(word)) return true
  const other = word.endsWith('s') ? word.slice(0, -1) : `${word}s`
  if (known.has(other) && !names.has(other)) return true
  return SAYS_AS_MUCH.get(word)?.some((other) => known.has(other)) ?? false
}

/** German audio plays come in episodes; who sings does so in any language. */
const SAYS_AS_MUCH = new Map([
  ['mtv', ['unplugged']],
  ['horspiel', ['folge']],
  ['sings', ['singt', 'chante', 'canta']],
  ['singt', ['sings', 'chante', 'canta']],
  ['plays', ['spielt', 'joue', 'toca']],
  ['concert', ['konzert', 'concierto', 'концерт']],
  ['songs', ['песни', 'chants', 'chansons', 'lieder', 'canciones', 'canti', 'canzoni']],
  ['years', ['annees', 'jahre', 'anni', 'anos']],
  ['music', ['musique', 'musik', 'musica']],
])
