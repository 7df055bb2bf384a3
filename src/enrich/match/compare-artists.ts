import type { Album, Product } from '../../album.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import { similarity } from './similarity.ts'

/** How the product's artists stand to the album's. */
export interface ArtistMatch {
  kind: 'same' | 'part' | 'alike' | 'unknown' | 'in title' | 'various' | 'different'
  reason: string
}

/** Names that stand for nobody in particular. */
const NOBODY = /^(various( artists?)?|multi artistes?|artistes? divers|et al|unknown|traditional|traditionnel|na)$/
const VARIOUS =
  /^(various( artists?)?|soundtrack|original soundtrack|multi artistes?|artistes? divers|ost|verschiedene)$/
/** What makes another artist of a name that holds the wanted one. */
const SOMEBODY_ELSE = new Set(['jr', 'sr', 'junior', 'tribute', 'band', 'various', 'orchestra', 'karaoke', 'ensemble'])
/** Shorter names begin like too many others. */
const CUT_MIN_LENGTH = 12
/** Amazon's artist fields hold lists in many styles; more names than this are songwriters. */
const MAX_PIECES = 14
const MAX_NAMES = 10
/** Spelling differences ("Weeknd", "Weekend") are above, other people below. */
const ALIKE_FROM = 0.8

/**
 * Compares the credited artists with the product's contributors, whatever the style: "Swift, Taylor",
 * "MARLEY,BOB & THE WAILERS", "Nirvana and Kurt Cobain", "Tyler, The Creator, Multi-Artistes, et al.".
 * An artist who is only named in the product's title counts, unless the album's title holds the name already.
 */
export function compareArtists(album: Album, product: Product): ArtistMatch {
  const wanted = album.artists.slice(0, MAX_NAMES).map(({ name }) => name)
  const given = product.contributors.slice(0, MAX_NAMES).map(({ name }) => name)
  // Amazon also lists contributors without a name.
  const named = given.filter((name) => normalizeText(name) !== '' && !NOBODY.test(normalizeText(name)))
  if (wanted.some((name) => VARIOUS.test(normalizeText(name)))) return compareVarious(given, named)
  const keys = wanted.map(toKey)
  const runs = named.flatMap(toRuns)
  for (const name of wanted) {
    if (runs.includes(toKey(name))) return { kind: 'same', reason: `the artist is ${name}` }
  }
  const parts = wanted.flatMap((name) => toPieces(name).map(toKey)).filter((key) => key !== '')
  if (runs.some((run) => parts.includes(run)))
    return { kind: 'part', reason: 'one of the credited names is the artist' }
  if (wanted.some((name) => named.some((other) => isLongerName(name, other))))
    return { kind: 'part', reason: 'one name goes on after the other' }
  // "Harry Styles & Fine Line" is two albums: what follows an "and" is no title by him.
  const title = ` ${normalizeText(product.title.slice(0, 600).replaceAll('/', ' & '))} `
  const albumTitle = ` ${normalizeText(album.title)} `
  const inTitle = wanted.some((name) => {
    const needle = ` ${normalizeText(name).replace(/^the /, '')} `
    return title.includes(needle) && !title.includes(`${needle}and `) && !albumTitle.includes(needle)
  })
  if (inTitle && named.length === 0) return { kind: 'same', reason: "the product's title names the artist" }
  // A record's brand is its artist or its label: it can speak for the artist, not against.
  if (named.length === 0 && product.brand !== null && toRuns(product.brand).some((run) => keys.includes(run)))
    return { kind: 'same', reason: `the brand is ${product.brand.slice(0, 80)}` }
  if (given.some((name) => VARIOUS.test(normalizeText(name)))) return { kind: 'various', reason: 'by various artists' }
  if (named.length === 0) return { kind: 'unknown', reason: 'the product names no artist' }
  if (wanted.some((name) => isAlike(name, named))) return { kind: 'alike', reason: 'the artists are alike, not equal' }
  const selfTitled = wanted.some((name) => toKey(name) === toKey(album.title))
  if (inTitle || selfTitled)
    return { kind: 'in title', reason: 'another artist is named, but the title names the right one' }
  return { kind: 'different', reason: `the artist is ${named[0]?.slice(0, 80)}` }
}

function compareVarious(given: string[], named: string[]): ArtistMatch {
  if (given.some((name) => VARIOUS.test(normalizeText(name)) || /^(various|soundtrack)\b/.test(normalizeText(name))))
    return { kind: 'same', reason: 'various artists' }
  if (named.length === 0) return { kind: 'unknown', reason: 'the product names no artist' }
  return { kind: 'alike', reason: 'various artists on the album, named ones on the product' }
}

/** Order-free key of a name: "Dylan, Bob" equals "Bob Dylan". */
function toKey(name: string): string {
  return [...new Set(toWords(name))].sort().join(' ')
}

function toPieces(names: string): string[] {
  return (
    names
      .slice(0, 400)
      // A son keeps his "Jr.", or he would be his father.
      .replace(/\s*,\s*(?=[js]r\b)/gi, ' ')
      .split(/\s*[,/;&+|]\s*|\s+(?:and|with|feat\.?|featuring|ft\.?|et al\.?|x|vs\.?)\s+/i)
      .filter(Boolean)
      .slice(0, MAX_PIECES)
  )
}

/** Keys of all runs of neighbouring pieces, since a comma may part two people or one person's two names. */
function toRuns(names: string): string[] {
  const pieces = toPieces(names)
  const runs: string[] = []
  for (let from = 0; from < pieces.length; from++) {
    for (let to = from + 1; to <= pieces.length && to - from <= 6; to++)
      runs.push(toKey(pieces.slice(from, to).join(' ')))
  }
  return runs
}

/** "Miles Davis" and "Miles Davis Quintet", "Red Hot Chili Pepper" cut short by Amazon; a son is somebody else. */
function isLongerName(name: string, other: string): boolean {
  const left = toWords(name).join(' ')
  const right = toWords(other).join(' ')
  if (left.length >= CUT_MIN_LENGTH && right.length >= CUT_MIN_LENGTH && left.startsWith(right)) return true
  const [fewer, more] = [new Set(toWords(name)), new Set(toWords(other))].sort((a, b) => a.size - b.size)
  if (fewer === undefined || more === undefined || fewer.size < 2) return false
  return [...fewer].every((word) => more.has(word)) && ![...more].some((word) => SOMEBODY_ELSE.has(word))
}

function isAlike(name: string, given: string[]): boolean {
  const words = toWords(name)
  return given.some((other) => {
    const otherWords = toWords(other)
    const shared = words.filter((word) => word.length > 2 && otherWords.includes(word)).length
    if (shared > 0 && (shared === words.length || shared === otherWords.length)) return true
    return toPieces(other).some((piece) => similarity(words.join(' '), toWords(piece).join(' ')) >= ALIKE_FROM)
  })
}
