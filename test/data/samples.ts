import type { Album, Product } from '../../src/album.ts'

/** An album by these artists of which nothing more is known, unless told. */
export function sampleAlbum(title: string, artists: string[], more: Partial<Album> = {}): Album {
  return {
    albumId: '1',
    title,
    artists: artists.map((name) => ({ name, musicbrainzArtistId: null })),
    releaseYear: null,
    barcodes: [],
    asins: {},
    musicbrainzReleaseGroupId: null,
    hasPrimaryImage: false,
    importedAt: 0,
    source: 'sample',
    ...more,
  }
}

/** A product of which Amazon tells the title and perhaps an artist, unless told. */
export function sampleProduct(title: string, artist?: string, more: Partial<Product> = {}): Product {
  return {
    asin: 'B000000001',
    url: `https://www.amazon.ca/dp/${more.asin ?? 'B000000001'}`,
    title,
    contributors: artist === undefined ? [] : [{ name: artist, role: null, roleType: null }],
    brand: null,
    manufacturer: null,
    binding: null,
    productGroup: null,
    edition: null,
    formats: [],
    releaseDate: null,
    barcodes: [],
    price: null,
    condition: null,
    availability: null,
    salesRank: null,
    image: null,
    fetchedAt: 0,
    ...more,
  }
}
