import { expect, test } from 'vitest'
import { readProduct } from '../../src/amazon/read-product.ts'

const context = { fetchedAt: 1_700_000_000_000, productPage: (asin: string) => `https://www.amazon.com/dp/${asin}` }
const read = (item: unknown) => readProduct(item, context)
const single = (displayValue: unknown) => ({ displayValue, label: 'x', locale: 'en_US' })
const listing = (amount: unknown, rest: object = {}) => ({
  availability: { type: 'IN_STOCK' },
  condition: { value: 'New' },
  price: { money: { amount, currency: 'EUR', displayAmount: '12,00 €' } },
  ...rest,
})

test('reads everything that Amazon tells of a product', () => {
  const product = read({
    asin: 'B0TEST0001',
    detailPageURL: 'https://www.amazon.de/dp/B0TEST0001?tag=example-21&linkCode=osi',
    images: {
      primary: {
        large: { url: 'https://m.media-amazon.com/images/I/a._SL500_.jpg', width: 500, height: 480 },
        hiRes: { url: 'https://m.media-amazon.com/images/I/a._SL1500_.jpg', width: 1500, height: 1440 },
      },
    },
    itemInfo: {
      title: single('Blau'),
      byLineInfo: {
        contributors: [
          { name: '', role: 'Contributor' },
          { name: 'Die Blauen', role: 'Künstler', roleType: 'artist', locale: 'de_DE' },
        ],
        manufacturer: single('Blaue Platten'),
      },
      classifications: { binding: single('Audio CD'), productGroup: single('Music') },
      contentInfo: { edition: single('Deluxe'), publicationDate: single('2019T') },
      externalIds: { eans: { displayValues: ['4000000000001'] }, upcs: { displayValues: ['000000000017'] } },
      features: {
        displayValues: ['Limited Edition', `A long praise of the record ${'that goes on and on '.repeat(5)}`],
      },
      productInfo: { releaseDate: single('1997-05-13T00:00:01Z') },
      technicalInfo: { formats: { displayValues: ['Import', 'Limited Edition'] } },
    },
    offersV2: { listings: [listing(15), listing(12.5, { isBuyBoxWinner: true, condition: { value: 'Used' } })] },
    browseNodeInfo: { websiteSalesRank: { salesRank: 4711 } },
    somethingNew: { from: 'next year' },
  })
  expect(product).toEqual({
    asin: 'B0TEST0001',
    url: 'https://www.amazon.de/dp/B0TEST0001?tag=example-21&linkCode=osi',
    title: 'Blau',
    contributors: [{ name: 'Die Blauen', role: 'Künstler', roleType: 'artist' }],
    brand: null,
    manufacturer: 'Blaue Platten',
    binding: 'Audio CD',
    productGroup: 'Music',
    edition: 'Deluxe',
    formats: ['Import', 'Limited Edition'],
    releaseDate: '1997-05-13',
    barcodes: ['4000000000001', '000000000017'],
    price: { amount: 12.5, currency: 'EUR' },
    condition: 'Used',
    availability: 'IN_STOCK',
    salesRank: 4711,
    image: { url: 'https://m.media-amazon.com/images/I/a._SL1500_.jpg', width: 1500, height: 1440 },
    fetchedAt: 1_700_000_000_000,
  })
})

const NOTHING = {
  asin: 'B0TEST0002',
  url: 'https://www.amazon.com/dp/B0TEST0002',
  title: '',
  contributors: [],
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
  fetchedAt: 1_700_000_000_000,
}

test.for<[string, unknown]>([
  ['missing', { asin: 'B0TEST0002' }],
  [
    'null at the top',
    { asin: 'B0TEST0002', detailPageURL: null, images: null, itemInfo: null, offersV2: null, browseNodeInfo: null },
  ],
  [
    'null below',
    {
      asin: 'B0TEST0002',
      images: { primary: null, variants: null },
      itemInfo: { title: null, byLineInfo: null, classifications: null, externalIds: null, productInfo: null },
      offersV2: { listings: null },
      browseNodeInfo: { websiteSalesRank: null },
    },
  ],
  [
    'null at the leaves',
    {
      asin: 'B0TEST0002',
      images: { primary: { hiRes: null, large: null } },
      itemInfo: {
        title: { displayValue: null },
        byLineInfo: { contributors: [null, { name: null }], brand: null },
        externalIds: { eans: null, upcs: { displayValues: [null] } },
        productInfo: { releaseDate: { displayValue: '' } },
      },
      offersV2: { listings: [null, { price: { money: null }, availability: null, condition: { value: null } }] },
      browseNodeInfo: { websiteSalesRank: { salesRank: null } },
    },
  ],
  [
    'of other types',
    {
      asin: 'B0TEST0002',
      detailPageURL: 7,
      images: { primary: { large: 'a.jpg' }, variants: {} },
      itemInfo: { title: 'Blue', byLineInfo: { contributors: 'Miles' }, features: [], productInfo: 3 },
      offersV2: { listings: {} },
      browseNodeInfo: { websiteSalesRank: { salesRank: 'first' } },
    },
  ],
])('fields that are %s are unknown and cost nothing else', ([, item]) => {
  expect(read(item)).toEqual(NOTHING)
})

test('one field that cannot be read leaves its neighbours', () => {
  expect(read({ asin: 'B0TEST0002', itemInfo: { title: single('Blue'), byLineInfo: 'nobody' } })).toMatchObject({
    title: 'Blue',
    contributors: [],
  })
})

test('an item without an ASIN is no product', () => {
  for (const item of [null, 'x', {}, { asin: null }, { asin: ' ' }]) expect(read(item)).toBeUndefined()
})

test('a price that may be seen on Amazon only is not a price', () => {
  const item = { asin: 'B0TEST0002', offersV2: { listings: [listing(9, { violatesMAP: true })] } }
  expect(read(item)).toMatchObject({ price: null, availability: 'IN_STOCK' })
})

test('where none has the buy box the first offer with a price counts, else the first', () => {
  const offers = (...listings: object[]) => read({ asin: 'B0TEST0002', offersV2: { listings } })
  const none = { availability: { type: 'OUT_OF_STOCK' } }
  expect(offers(none, listing(9, { violatesMAP: true }), listing(12), listing(8))).toMatchObject({
    price: { amount: 12, currency: 'EUR' },
    availability: 'IN_STOCK',
  })
  expect(offers(none, { price: null })).toMatchObject({ price: null, availability: 'OUT_OF_STOCK' })
  expect(offers(listing(9), { ...none, isBuyBoxWinner: true })).toMatchObject({
    price: null,
    availability: 'OUT_OF_STOCK',
  })
})

test('numbers beyond all that there is are unknown', () => {
  const item = (amount: number, salesRank: number) => ({
    ...{ asin: 'B0TEST0002', offersV2: { listings: [listing(amount)] } },
    browseNodeInfo: { websiteSalesRank: { salesRank } },
  })
  expect(read(item(1e12, 2 ** 31 - 1))).toMatchObject({ price: { amount: 1e12 }, salesRank: 2 ** 31 - 1 })
  for (const [amount, rank] of [
    [1e308, 2 ** 31],
    [1e14, Number.MAX_SAFE_INTEGER],
  ] as const)
    expect(read(item(amount, rank))).toMatchObject({ price: null, salesRank: null })
})

test('an amount without its currency, or the other way round, is not a price', () => {
  for (const money of [
    { amount: 9 },
    { currency: 'USD' },
    { amount: '9.99', currency: 'USD' },
    { amount: 9, currency: '$' },
  ]) {
    expect(read({ asin: 'B0TEST0002', offersV2: { listings: [{ price: { money } }] } })?.price).toBeNull()
  }
})

test('the date is the release, else what looks like a date in the publication', () => {
  const dated = (publicationDate: string) =>
    read({ asin: 'B0TEST0002', itemInfo: { contentInfo: { publicationDate: single(publicationDate) } } })?.releaseDate
  expect(dated('2019T')).toBe('2019')
  expect(dated('1986-02')).toBe('1986-02')
  expect(dated('12345')).toBeNull()
  expect(dated('May 1986')).toBeNull()
})

test('without a highRes image the largest of the others counts', () => {
  const image = (url: string) => ({ url, width: 160, height: 160 })
  const primary = {
    hiRes: null,
    medium: image('https://m.media-amazon.com/m.jpg'),
    small: image('https://m.media-amazon.com/s.jpg'),
  }
  expect(read({ asin: 'B0TEST0002', images: { primary } })?.image?.url).toBe('https://m.media-amazon.com/m.jpg')
})

test('what PostgreSQL could not store is taken out of texts', () => {
  const product = read({
    asin: 'B0TEST0001',
    itemInfo: { title: single('Bl\0au \ud83d'), byLineInfo: { brand: single('\0') } },
  })
  expect(product).toMatchObject({ title: 'Blau \ufffd', brand: null })
})
