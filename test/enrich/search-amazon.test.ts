import { describe, expect, it } from 'vitest'
import type { Product } from '../../src/album.ts'
import type { AmazonQuery } from '../../src/amazon/amazon-api.ts'
import { searchAmazon } from '../../src/enrich/search-amazon.ts'
import { searchTexts } from '../../src/enrich/search-texts.ts'
import { metrics } from '../../src/metrics.ts'
import { sampleAlbum, sampleProduct } from '../data/samples.ts'

const marketplace = 'www.amazon.com'
const product = (asin: string, title: string, artist?: string) =>
  sampleProduct(title, artist, { asin, binding: 'Audio CD', productGroup: 'Music' })

/** A shop that answers searches as told, and sells whatever ASIN it is asked for. */
function createShop(answer: (query: AmazonQuery) => Product[]) {
  const asked: (string[] | Omit<AmazonQuery, 'searchIndex'>)[] = []
  const search = (linked: string[] = []) => ({
    marketplace,
    hasMusicIndex: true,
    step: <T>(_name: string, run: () => Promise<T>) => run(),
    linkedAsins: linked,
    amazon: {
      async getItems(asins: string[]) {
        asked.push(asins)
        return asins.map((asin) => product(asin, 'Something'))
      },
      async searchItems({ searchIndex, ...query }: AmazonQuery) {
        asked.push(query)
        return answer({ searchIndex, ...query })
      },
    },
  })
  return { asked, search }
}
const signal = new AbortController().signal

describe('searchAmazon', () => {
  const duo = sampleAlbum('Ella & Louis', ['Ella Fitzgerald', 'Louis Armstrong'])

  it('tries the first artist of several when all together find nothing acceptable', async () => {
    const right = product('B0RIGHT001', 'Ella & Louis', 'Ella Fitzgerald')
    const other = product('B0OTHER001', 'Louis Armstrong: A Biography')
    const { asked, search } = createShop(({ artist }) => (artist === 'Ella Fitzgerald' ? [right] : [other]))
    const { products } = await searchAmazon(duo, search(), signal)
    expect(products.map(({ asin }) => asin)).toEqual(['B0OTHER001', 'B0RIGHT001'])
    expect(asked).toEqual([
      { artist: 'Ella Fitzgerald Louis Armstrong', title: 'Ella & Louis' },
      { artist: 'Ella Fitzgerald', title: 'Ella & Louis' },
    ])
  })

  it('is content with one request when that finds the album', async () => {
    const right = product('B0RIGHT001', 'Ella & Louis', 'Ella Fitzgerald & Louis Armstrong')
    const { asked, search } = createShop(() => [right])
    await searchAmazon(duo, search(), signal)
    expect(asked).toHaveLength(1)
  })

  it('tries no artist for one that names nobody, then keywords, three requests in all', async () => {
    const { asked, search } = createShop(() => [])
    const { products } = await searchAmazon(sampleAlbum('Pulp Fiction', ['Various Artists']), search(), signal)
    expect(products).toEqual([])
    expect(asked).toEqual([
      { artist: 'Various Artists', title: 'Pulp Fiction' },
      { title: 'Pulp Fiction' },
      { keywords: 'Various Artists Pulp Fiction' },
    ])
  })

  it('asks keywords for one artist when nothing at all is found', async () => {
    const { asked, search } = createShop(() => [])
    await searchAmazon(sampleAlbum('Red', ['King Crimson']), search(), signal)
    expect(asked).toEqual([{ artist: 'King Crimson', title: 'Red' }, { keywords: 'King Crimson Red' }])
  })

  it('asks for at most twenty of 95,000 known ASINs, ten at a time, the linked ones first, none that was found', async () => {
    const asins = Array.from({ length: 95_000 }, (_, index) => `B${String(index).padStart(9, '0')}`)
    const { asked, search } = createShop(() => [product('B0LINKED01', 'Red', 'King Crimson')])
    const album = sampleAlbum('Red', ['King Crimson'], { asins: { [marketplace]: asins } })
    const { products } = await searchAmazon(album, search(['B0LINKED01', 'B0LINKED02']), signal)
    expect(asked).toHaveLength(3)
    expect(asked[1]).toEqual(['B0LINKED02', ...asins.slice(0, 9)])
    expect(asked[2]).toEqual(asins.slice(9, 19))
    expect(products.slice(0, 2).map(({ asin }) => asin)).toEqual(['B0LINKED01', 'B0LINKED02'])
  })

  it('asks for twenty of the linked products that the search has not brought, and tells which are left', async () => {
    const asins = Array.from({ length: 26 }, (_, index) => `B${String(index).padStart(9, '0')}`)
    const { asked, search } = createShop(() => asins.slice(0, 4).map((asin) => product(asin, 'Red', 'King Crimson')))
    const { products, unasked } = await searchAmazon(sampleAlbum('Red', ['King Crimson']), search(asins), signal)
    expect(asked.slice(1)).toEqual([asins.slice(4, 14), asins.slice(14, 24)])
    expect([products.length, unasked]).toEqual([24, asins.slice(24)])
  })

  it.each([1, 8, 12])('asks for %i ASINs that the importer has told beside many links', async (count) => {
    const linked = Array.from({ length: 26 }, (_, index) => `B0LINKED${String(index).padStart(2, '0')}`)
    const told = Array.from({ length: count }, (_, index) => `B0TOLD00${String(index).padStart(2, '0')}`)
    const { asked, search } = createShop(() => [])
    const album = sampleAlbum('Red', ['King Crimson'], { asins: { [marketplace]: told } })
    const { unasked } = await searchAmazon(album, search(linked), signal)
    const others = told.slice(0, 10)
    const renewed = 20 - others.length
    expect(asked[1]).toEqual(linked.slice(0, 10))
    expect(asked[2]).toEqual([...others, ...linked.slice(10, renewed)])
    expect(unasked).toEqual(linked.slice(renewed))
  })

  it('asks for known ASINs as Amazon writes them, and for nothing that can be none', async () => {
    const { asked, search } = createShop(() => [product('B0RIGHT001', 'Red', 'King Crimson')])
    const asins = { [marketplace]: ['N/A', '', 'b00xyz', ' b0lower001 ', 'B0LOWER001', 'B0LOWER0012', 'B0RIGHT001'] }
    const { products } = await searchAmazon(sampleAlbum('Red', ['King Crimson'], { asins }), search(), signal)
    expect(asked.slice(1)).toEqual([['B0LOWER001']])
    expect(products.map(({ asin }) => asin)).toEqual(['B0LOWER001', 'B0RIGHT001'])
  })

  it('asks for the ASINs of its marketplace however that is written, and for none of another', async () => {
    const { asked, search } = createShop(() => [product('B0RIGHT001', 'Red', 'King Crimson')])
    const asins = {
      'Amazon.com': ['B0KNOWN001'],
      'WWW.AMAZON.COM': ['B0KNOWN002'],
      'www.amazon.com.au': ['B0OTHER001'],
    }
    await searchAmazon(sampleAlbum('Red', ['King Crimson'], { asins }), search(), signal)
    expect(asked.slice(1)).toEqual([['B0KNOWN001', 'B0KNOWN002']])
  })

  it('spends no request on known ASINs that can be none', async () => {
    const { asked, search } = createShop(() => [])
    const asins = { [marketplace]: ['N/A', 'unknown'] }
    await searchAmazon(sampleAlbum('Red', ['King Crimson'], { asins }), search(), signal)
    expect(asked).toEqual([{ artist: 'King Crimson', title: 'Red' }, { keywords: 'King Crimson Red' }])
  })

  it('counts its steps', async () => {
    const count = async () =>
      (await metrics.searchSteps.get()).values.find(
        ({ labels }) => labels.step === 'title' && labels.result === 'nothing',
      )?.value ?? 0
    const before = await count()
    await searchAmazon(sampleAlbum('Red', ['V.A.']), createShop(() => []).search(), signal)
    expect(await count()).toBe(before + 1)
  })
})

describe('searchTexts', () => {
  const texts = (title: string, ...names: string[]) => searchTexts(sampleAlbum(title, names))

  it.each([
    ['Legend (The Best Of) [Deluxe]', 'Legend'],
    ['(What’s the Story) Morning Glory?', 'Morning Glory?'],
    ['Us ((a) b) Them', 'Us Them'],
    ['(untitled)', '(untitled)'],
    ['( )', '( )'],
    ['Smile (:', 'Smile (:'],
    ['Smile :)', 'Smile :)'],
  ])('searches %j by %j', (title, bare) => {
    expect(texts(title, 'X').title).toBe(bare)
  })

  it.each([
    [['Nirvana'], null],
    [['Earth, Wind & Fire'], null],
    [['Santana feat. Rob Thomas'], 'Santana'],
    [['Miles Davis', 'Gil Evans'], 'Miles Davis'],
    [['Various'], ''],
    [['V.A.'], ''],
    [['Diverse Interpreten'], ''],
    [['Artistes Divers'], ''],
  ])('finds for %j the simpler credit %j', (names, simpler) => {
    expect(texts('X', ...names).simpler).toBe(simpler)
  })

  it.each(['(', '[', '()', ' ', '(a', ')'])('takes 200 kB of %j in its stride', (piece) => {
    const began = performance.now()
    const { title } = texts(piece.repeat(200_000 / piece.length), 'X'.repeat(200_000))
    expect(performance.now() - began).toBeLessThan(500)
    expect(title.length).toBeLessThanOrEqual(200)
  })
})
