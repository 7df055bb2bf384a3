import type { Product } from '../../album.ts'
import { MAX_NAMES, MAX_TITLE } from './bounds.ts'
import { normalizeText, toWords } from './normalize-text.ts'
import type { AlbumArtists } from './read-album-artists.ts'

/** How records say that they are told, in the languages of the larger marketplaces. */
const SPOKEN =
  /\b(folge \d{1,3}|horspiele?|horbuch|lesung|gelesen von|read by|narrated by|raconte par|lu par|letto da|leido por|narrado por|livre audio|audiobook)\b/
const PLAY = /\bhorspiel/
const READING = /\b(lesung|horbuch|gelesen von|read by|narrated by|narrator|unabridged|ungekurzte?)\b/
const ON_RECORD = /\b(audio (cd|cassette)|vinyl|lp|mp3 cd|horkassette|musikkassette)\b/

/**
 * Whether what Amazon files under books may be the album nevertheless, since the album is a play or a reading: by its own
 * words, by the series that both name, or by its writer and reader, of whom the product names each. A book and its
 * author's record have one name in common.
 */
export function isAudiobook({ acts, title }: AlbumArtists, product: Product): boolean {
  if (!ON_RECORD.test(normalizeText(product.binding ?? ''))) return false
  const theirs = normalizeText(product.title)
  // "Ungekürzte Lesung" is no play.
  if (PLAY.test(title) && READING.test(theirs) && !PLAY.test(theirs)) return false
  if (SPOKEN.test(title)) return true
  const names = product.contributors.slice(0, MAX_NAMES).map(({ name }) => name)
  const told = new Set([product.title.slice(0, MAX_TITLE), ...names].flatMap(toWords))
  const isNamed = (words: readonly string[]) => told.has(words.at(-1) ?? '')
  if (acts.length > 1) return acts.every(({ words }) => isNamed(words))
  return SPOKEN.test(theirs) && acts.some(({ name }) => isBegin(name, title) && isBegin(name, ` ${theirs} `))
}

/** @param title between spaces */
const isBegin = (name: string, title: string) => title.startsWith(` ${normalizeText(name)} `)

/**
 * Whether an author is named for a series of plays, or the series for the author: "Bibi Blocksberg - Folge 1" is by her, or by
 * Elfie Donnelly.
 */
export function isOneSeries({ acts, title }: AlbumArtists, product: Product): boolean {
  const theirs = ` ${normalizeText(product.title)} `
  const isTold = SPOKEN.test(theirs) || SPOKEN.test(title)
  if (isTold && acts.some(({ name }) => isBegin(name, theirs))) return true
  // An album that is called as an artist is somebody else's.
  return product.contributors
    .slice(0, MAX_NAMES)
    .some(({ name }) => title.trim() !== normalizeText(name) && isBegin(name, title) && isBegin(name, theirs))
}
