import type { AlbumArtists } from './read-album-artists.ts'

/** What a title has before the name of who put others' records together. */
const MIXED_BY = [' mixed by', ' compiled by', ' selected by', ' curated by']
/** From here a shop may name nobody. */
const MANY = 3

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
  // Whom an album is filed under, and both titles name, may be its label: "Kitsuné Maison".
  if (whole.some((name) => title.startsWith(` ${name} `) && ours.startsWith(` ${name} `)))
    return 'both titles begin with the artist'
  return null
}
