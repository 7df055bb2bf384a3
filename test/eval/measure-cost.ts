import { readFileSync } from 'node:fs'
import type { Album, Product } from '../../src/album.ts'
import type { AmazonApi } from '../../src/amazon/amazon-api.ts'
import { resourcesWith } from '../../src/amazon/creators-request.ts'
import { readProduct } from '../../src/amazon/read-product.ts'
import { matchAlbum } from '../../src/enrich/match/match-album.ts'
import { searchAmazon } from '../../src/enrich/search-amazon.ts'
import { judgeCarefully } from '../../src/model/judge-carefully.ts'
import { MAX_CANDIDATES, type Model } from '../../src/model/model.ts'
import { sampleAlbum } from '../data/samples.ts'
import { createCatalogue, loadProducts, type ProductFacts } from '../stack/stand-ins/amazon-catalogue.ts'
import { describeItem } from '../stack/stand-ins/amazon-items.ts'

/** What the model costs over a catalogue of albums that are searched for as the service does. */
export interface Cost {
  albums: number
  /** Albums for which the search found anything. */
  albumsWithCandidates: number
  /** Of those, the ones about which the model was asked. */
  albumsAsked: number
  askedShare: number
  /** Sent and answered, over the albums with candidates. */
  tokensPerAlbum: number
  /** The same if the model were asked about every candidate, and then once more. */
  tokensOfAllTwice: number
  tokenShare: number
}

interface Line {
  title: string
  artists: (string | { name: string })[]
  releaseYear?: number
  barcodes?: string[]
  asins?: Record<string, string[]>
}

const MARKETPLACE = 'www.amazon.ca'
const PAGE = 10

/**
 * @param files one album a line, whole or under `album`; one product a line
 * @throws EnrichmentError as matchAlbum
 */
export async function measureCost(files: { albums: string; products: string }, model: Model): Promise<Cost> {
  const amazon = createShop(loadProducts(files.products))
  const used = { albumsAsked: 0, tokens: 0, allTokens: 0, albums: 0, albumsWithCandidates: 0 }
  const careful = judgeCarefully(model, { outage: 'hold' })
  for (const album of readAlbums(files.albums)) {
    used.albums += 1
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const step = <T>(_name: string, ask: () => Promise<T>) => ask()
    const search = { marketplace: MARKETPLACE, hasMusicIndex: true, amazon, step, linkedAsins: [] }
    const { products } = await searchAmazon(album, search, signal)
    if (products.length === 0) continue
    used.albumsWithCandidates += 1
    const options = { marketplace: MARKETPLACE, model: careful, modelUse: 'open' as const, verdicts: [], signal }
    const { model: use } = await matchAlbum(album, products, options)
    if (use !== null) used.albumsAsked += 1
    used.tokens += tokensOf(use)
    for (let at = 0; at < products.length; at += MAX_CANDIDATES)
      used.allTokens += tokensOf((await careful.judge(album, products.slice(at, at + MAX_CANDIDATES), signal)).use)
  }
  const { albums, albumsWithCandidates, albumsAsked, tokens, allTokens } = used
  return {
    albums,
    albumsWithCandidates,
    albumsAsked,
    askedShare: round(albumsAsked / albumsWithCandidates),
    tokensPerAlbum: Math.round(tokens / albumsWithCandidates),
    tokensOfAllTwice: Math.round((2 * allTokens) / albumsWithCandidates),
    tokenShare: round(tokens / (2 * allTokens)),
  }
}

const PATIENCE_MS = 300_000

const tokensOf = (use: { inputTokens: number; outputTokens: number } | null) =>
  use === null ? 0 : use.inputTokens + use.outputTokens

const round = (share: number) => Math.round(share * 10_000) / 10_000

function readAlbums(file: string): Album[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line & { album?: Line })
    .map((line) => line.album ?? line)
    .filter(({ title, artists }) => title.trim() !== '' && artists.length > 0)
    .map(({ title, artists, ...facts }, index) => {
      const names = artists.map((artist) => (typeof artist === 'string' ? artist : artist.name))
      return sampleAlbum(title, names, {
        albumId: String(index),
        releaseYear: facts.releaseYear ?? null,
        barcodes: facts.barcodes ?? [],
        asins: facts.asins ?? {},
      })
    })
}

/** The recorded products as Amazon would tell of them. */
function createShop(facts: ProductFacts[]): AmazonApi {
  const catalogue = createCatalogue(facts)
  const tell = (found: ProductFacts[], linkCode: 'ogi' | 'osi'): Product[] =>
    found.flatMap((one) => {
      const resources = resourcesWith(true)
      const options = { marketplace: MARKETPLACE, partnerTag: 'eval', linkCode, resources, imageBaseUrl: undefined }
      const context = { fetchedAt: 0, productPage: (asin: string) => asin }
      return readProduct(JSON.parse(JSON.stringify(describeItem(one, options))), context) ?? []
    })
  return {
    getItems: async (asins) =>
      tell(
        asins.flatMap((asin) => catalogue.find(asin) ?? []),
        'ogi',
      ),
    searchItems: async (query) => tell(catalogue.search(query).slice(0, PAGE), 'osi'),
  }
}
