import type { AlbumImported } from '../../src/events.ts'
import type { ProductFacts } from '../stack/stand-ins/amazon.ts'

/** How many albums the shop can tell apart. */
const MOST = 60_000
const MARKETPLACE = 'www.amazon.ca'

/** The word that stands in an album's title and in no other's, so that every question about it names it. */
const wordOf = (number: number) => `n${digits(number)}x`
const asinOf = (number: number) => `B0${digits(number)}QX`
const digits = (number: number) => String(number).padStart(6, '0')

/** Number of the album that a question to Amazon or the model is about; undefined for none of ours. */
export function albumOf(question: string): number | undefined {
  const found = /\bn(\d{6})x\b|\bB0(\d{6})QX\b/i.exec(question)
  const text = found?.[1] ?? found?.[2]
  return text === undefined ? undefined : Number(text)
}

/** How many of the model's first answers about an album are rubbish: some albums go through a retry topic, some through two. */
export const rubbishFor = (number: number) => (number % 60 === 4 ? 9 : number % 12 === 4 ? 5 : 0)

export const albumIdOf = (number: number) => `c${digits(number)}`

/** One in twenty is not sold. */
const isSold = (number: number) => number % 20 !== 7

/** A product for every album that is sold. */
export function chaosProducts(): ProductFacts[] {
  return Array.from({ length: MOST }, (_, number) => number)
    .filter(isSold)
    .map((number) => ({
      asin: asinOf(number),
      title: `Harbour ${wordOf(number)}`,
      artist: `Keeper ${number % 97}`,
      binding: 'Audio CD',
      price: { amount: 9.99 + (number % 10), currency: 'CAD' },
      salesRank: 1_000 + number,
      ...(hasArtwork(number) && { imageUrl: `https://m.media-amazon.com/images/I/${digits(number)}.jpg` }),
    }))
}

/** A picture costs as much of a small machine as all the rest. */
const hasArtwork = (number: number) => number % 10 === 3

/** Album number so and so: new ones for ever, as each is imported once. */
export function chaosAlbum(number: number): AlbumImported {
  if (number >= MOST) throw new Error(`there are ${MOST} albums`)
  const name = isSold(number) ? `Keeper ${number % 97}` : `Nobody${digits(number)}`
  return {
    albumId: albumIdOf(number),
    title: isSold(number) ? `Harbour ${wordOf(number)}` : `Unheard ${wordOf(number)}`,
    artists: [{ name, musicbrainzArtistId: null }],
    releaseYear: null,
    barcodes: [],
    asins: number % 10 === 5 && isSold(number) ? { [MARKETPLACE]: [asinOf(number)] } : {},
    musicbrainzReleaseGroupId: null,
    hasPrimaryImage: !hasArtwork(number),
    importedAt: Date.now(),
    source: 'chaos',
  }
}
