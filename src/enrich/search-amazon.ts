import type { Album, Product } from '../album.ts'
import type { AmazonApi } from '../amazon/amazon-api.ts'

/** What Amazon takes for one getItems request. */
const IDS_PER_REQUEST = 10

interface Search {
  marketplace: string
  hasMusicIndex: boolean
  amazon: AmazonApi
  step<T>(name: `search.${string}`, run: () => Promise<T>): Promise<T>
  linkedAsins: readonly string[]
}

/**
 * The products that may be the album, without doubles: those known by ASIN first, then what a search for artist and
 * title finds, and only if that finds nothing what the looser keywords find. Two or three Amazon requests at most for
 * an album with up to ten known ASINs.
 *
 * @throws EnrichmentError with Amazon's code; an empty list means that Amazon has nothing
 */
export async function searchAmazon(album: Album, search: Search, signal: AbortSignal): Promise<Product[]> {
  const { amazon, marketplace, hasMusicIndex, step, linkedAsins } = search
  const known = [...new Set([...(album.asins[marketplace] ?? []), ...linkedAsins])]
  const found: Product[] = []
  for (let at = 0; at < known.length; at += IDS_PER_REQUEST) {
    const asins = known.slice(at, at + IDS_PER_REQUEST)
    found.push(...(await step(`search.known.${at}`, () => amazon.getItems(asins, signal))))
  }

  const artist = album.artists.map(({ name }) => name).join(' ')
  const title = withoutBrackets(album.title)
  const searchIndex = hasMusicIndex ? 'Music' : 'All'
  const searched = await step('search.fields', () => amazon.searchItems({ artist, title, searchIndex }, signal))
  found.push(...searched)
  if (searched.length === 0) {
    const keywords = `${artist} ${title}`
    found.push(...(await step('search.keywords', () => amazon.searchItems({ keywords, searchIndex }, signal))))
  }
  return [...new Map(found.map((product) => [product.asin, product])).values()]
}

/** "Legend (The Best Of ...)" is sold as "Legend": what stands in brackets only keeps editions from being found. */
function withoutBrackets(title: string): string {
  const bare = title.replace(/\s*[([][^)\]]*[)\]]/g, '').trim()
  return bare === '' ? title : bare
}
