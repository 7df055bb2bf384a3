import type { AlbumImported } from '../../src/events.ts'
import type { ProductFacts } from '../stack/stand-ins/amazon.ts'

/** What the rules accept of an album's products, so what every result must link. */
export const LINKS_PER_ALBUM = 3

/** The word that stands in an album's title and in no other's. */
const wordOf = (number: number) => `n${digits(number)}x`
const digits = (number: number) => String(number).padStart(6, '0')
const titleOf = (number: number) => `Harbour ${wordOf(number)}`
const artistOf = (number: number) => `Keeper ${number % 97}`

/**
 * Ten products for an album, as a search finds them: three that the rules accept, one that they leave to the model (which
 * rejects it), and six that they reject.
 */
const PRODUCTS: { title: (title: string) => string; binding: string; byOther?: true }[] = [
  { title: (title) => title, binding: 'Audio CD' },
  { title: (title) => title, binding: 'Vinyl' },
  { title: (title) => `${title} (Deluxe Edition)`, binding: 'Audio CD' },
  { title: (title) => `${title} Beyond The Pier`, binding: 'Audio CD' },
  { title: (title) => `A Tribute To ${title}`, binding: 'Audio CD', byOther: true },
  { title: (title) => `${title} (Karaoke Version)`, binding: 'Audio CD', byOther: true },
  { title: (title) => `${title}: Piano Covers`, binding: 'MP3 Music', byOther: true },
  { title: (title) => `Lullaby Versions Of ${title}`, binding: 'Audio CD', byOther: true },
  { title: (title) => `${title} And Other Hits`, binding: 'Audio Cassette', byOther: true },
  { title: (title) => `The String Quartet Plays ${title}`, binding: 'Audio CD', byOther: true },
]

export function benchProducts(albums: number): ProductFacts[] {
  return Array.from({ length: albums }, (_, number) =>
    PRODUCTS.map(({ title, binding, byOther }, index) => ({
      asin: `B${digits(number)}QX${index}`,
      title: title(titleOf(number)),
      artist: byOther ? `Somebody Else ${index}` : artistOf(number),
      binding,
      releaseDate: '1997-03-25',
      price: { amount: 9.99 + index, currency: 'USD' },
      salesRank: 1_000 + 10 * number + index,
      imageUrl: `https://m.media-amazon.com/images/I/${digits(number)}${index}L._SL500_.jpg`,
      ean: String(4_000_000_000_000 + 10 * number + index),
    })),
  ).flat()
}

export function benchAlbum(number: number): AlbumImported {
  return {
    albumId: `bench-${digits(number)}`,
    title: titleOf(number),
    artists: [{ name: artistOf(number), musicbrainzArtistId: null }],
    releaseYear: 1997,
    barcodes: [],
    asins: {},
    musicbrainzReleaseGroupId: null,
    hasPrimaryImage: false,
    importedAt: Date.now(),
    source: 'bench',
  }
}
