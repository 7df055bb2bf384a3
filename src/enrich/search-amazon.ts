import type { Album, Product } from '../album.ts'
import type { AmazonApi, AmazonQuery } from '../amazon/amazon-api.ts'
import { metrics } from '../metrics.ts'
import { getProducts } from './get-products.ts'
import { knownAsins } from './known-asins.ts'
import { matchAlbum } from './match/match-album.ts'
import { searchTexts } from './search-texts.ts'

/** Of an album, whatever its importer knows of it: Amazon requests are what everybody waits for. */
const MOST_REQUESTS = 3
const MOST_KNOWN = 20
/** Of those the linked ones get no more while others wait. */
const MOST_LINKED = 10

interface Search {
  marketplace: string
  hasMusicIndex: boolean
  amazon: AmazonApi
  step<T>(name: `search.${string}`, run: () => Promise<T>): Promise<T>
  /** Whose prices are to be renewed, or that are to be withdrawn; the most wanted first. */
  linkedAsins: readonly string[]
}

interface Searched {
  /** Those that may be the album, without doubles: those known by ASIN first, then what searches find. */
  products: Product[]
  /** Of the linked ASINs those that were neither found nor asked for: nothing new is known of them. */
  unasked: string[]
}

/**
 * Finds the products that may be the album. The first search is for all artists and the title. Where it finds nothing that
 * the rules would accept, a credit of several is tried again by the first of them, one that names nobody by the title alone;
 * where it finds nothing at all, the looser keywords are tried. Known ASINs that it has not brought are asked for ten at a
 * time, at most twenty: ten linked ones, whose links stand without it, then what the importer knows besides, then the rest.
 *
 * At most three Amazon requests.
 *
 * @throws EnrichmentError with Amazon's code; no products mean that Amazon has nothing
 */
export async function searchAmazon(album: Album, search: Search, signal: AbortSignal): Promise<Searched> {
  const { amazon, marketplace, hasMusicIndex, step, linkedAsins: linked } = search
  const known = [...new Set([...linked, ...knownAsins(album, marketplace)])]
  const isLinked = (asin: string) => linked.includes(asin)
  const searchIndex = hasMusicIndex ? 'Music' : 'All'
  const { title, artists, simpler } = searchTexts(album)
  let left = MOST_REQUESTS
  const ask = async (name: `search.${string}`, request: () => Promise<Product[]>): Promise<Product[]> => {
    left -= 1
    return step(name, async () => {
      const products = await request()
      const [, kind = ''] = name.split('.')
      metrics.searchSteps.inc({ step: kind, result: products.length > 0 ? 'found' : 'nothing' })
      return products
    })
  }
  const look = (name: string, query: Omit<AmazonQuery, 'searchIndex'>) =>
    ask(`search.${name}`, () => amazon.searchItems({ ...query, searchIndex }, signal))

  const searched = await look('fields', { artist: artists, title })
  const missing = known.filter((asin) => !searched.some((product) => product.asin === asin))
  const [ours, others] = [missing.filter(isLinked), missing.filter((asin) => !isLinked(asin))]
  const wanted = [...ours.slice(0, MOST_LINKED), ...others, ...ours.slice(MOST_LINKED)]
  const items = await getProducts('known', wanted.slice(0, MOST_KNOWN), { amazon, step: ask }, signal)
  const isAcceptable = async () => {
    const options = { marketplace, model: null, modelUse: 'never' as const, verdicts: [], signal }
    const { candidates } = await matchAlbum(album, [...items, ...searched], options)
    return candidates.some(({ verdict }) => verdict === 'accept')
  }
  if (left > 0 && simpler !== null && !(await isAcceptable()))
    searched.push(...(await (simpler === '' ? look('title', { title }) : look('first', { artist: simpler, title }))))
  if (left > 0 && searched.length === 0) searched.push(...(await look('keywords', { keywords: `${artists} ${title}` })))

  const found = new Map([...items, ...searched].map((product) => [product.asin, product]))
  const order = [...known.filter((asin) => found.has(asin)), ...found.keys()]
  return {
    products: [...new Set(order)].map((asin) => found.get(asin) as Product),
    unasked: wanted.slice(MOST_KNOWN).filter(isLinked),
  }
}
