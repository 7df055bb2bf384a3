import type { ProductFacts } from './amazon-catalogue.ts'

/** A handful of products for tests of the protocol; their ASINs are made up, so they say nothing about real ones. */
export const FEW_PRODUCTS: readonly ProductFacts[] = [
  {
    asin: 'B0TEST0001',
    title: 'Kind of Blue',
    artist: 'Miles Davis',
    binding: 'Audio CD',
    releaseDate: '1997-03-25',
    price: { amount: 9.99, currency: 'USD' },
    salesRank: 812,
    imageUrl: 'https://m.media-amazon.com/images/I/41test0001L._SL500_.jpg',
    ean: '0074646493526',
    upc: '074646493526',
  },
  {
    asin: 'B0TEST0002',
    title: 'Kind of Blue (Legacy Edition)',
    artist: 'Miles Davis',
    binding: 'Vinyl',
    salesRank: 90,
  },
  {
    asin: 'B0TEST0003',
    title: 'Kind of Blue: The Making of a Masterpiece',
    artist: 'Ashley Kahn',
    binding: 'Paperback',
  },
  {
    asin: 'B0TEST0004',
    title: 'Homogénic',
    artist: 'Björk',
    binding: 'Audio CD',
    price: { amount: 12.5, currency: 'USD' },
  },
  { asin: 'B0TEST0005', title: 'Kind of Blue DVD', artist: 'Miles Davis', binding: 'DVD' },
]
