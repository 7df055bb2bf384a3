import { isStrongEditionWord } from './edition-words.ts'
import type { AlbumArtists } from './read-album-artists.ts'
import { toTitleWords } from './title-forms.ts'

/** What a title has before the name of who put others' records together. */
const MIXED_BY = [' mixed by', ' compiled by', ' selected by', ' curated by']
/** From here a shop may name nobody. */
const MANY = 3

/** A title as far as its number, and whether nothing follows but words about the pressing; null where it has none. */
function readSeries(title: string): { name: string; isAll: boolean } | null {
  const words = toTitleWords(title)
  const at = words.findIndex((word) => /^\d{1,3}$/.test(word))
  if (at < 1) return null
  return { name: words.slice(0, at + 1).join(' '), isAll: words.slice(at + 1).every(isStrongEditionWord) }
}

/**
 * Why a product by various artists may be an album by some, or null.
 *
 * @param title of the product, between spaces
 */
export function explainVarious({ acts, title: ours }: AlbumArtists, title: string): string | null {
  // "Tropicália" is by Veloso, Gil, Os Mutantes and others.
  if (acts.length >= MANY) return 'several on the album'
  // A mix by two is filed under those whose records they play.
  if (acts.length > 1 && acts.every(({ words }) => words.every((word) => title.includes(` ${word} `))))
    return 'which names those of the album'
  const whole = acts.map(({ words }) => words.join(' '))
  if (whole.some((name) => MIXED_BY.some((by) => title.includes(`${by} ${name} `)))) return 'mixed by the artist'
  // "Ethiopiques 4" is by whom the catalogue names for it, or by all who play.
  const [our, their] = [readSeries(ours), readSeries(title)]
  if (our !== null && our.name === their?.name && (our.isAll || their.isAll))
    return 'of a series in which both have one number'
  // Whom an album is filed under, and both titles name, may be its label: "Kitsuné Maison".
  if (whole.some((name) => title.startsWith(` ${name} `) && ours.startsWith(` ${name} `)))
    return 'both titles begin with the artist'
  return null
}
