import { readFileSync } from 'node:fs'

/** What is known of one real product; a row of test/data/products.jsonl. */
export interface ProductFacts {
  asin: string
  title: string
  artist?: string
  /** As Amazon calls it, for example "Audio CD". */
  binding?: string
  releaseDate?: string
  price?: { amount: number; currency: string }
  salesRank?: number
  imageUrl?: string
  ean?: string
  upc?: string
}

export interface CatalogueQuery {
  artist?: string | undefined
  title?: string | undefined
  keywords?: string | undefined
  searchIndex: string
}

export interface Catalogue {
  find(asin: string): ProductFacts | undefined
  /** All products found, best first. */
  search(query: CatalogueQuery): ProductFacts[]
}

/** Reads one product a line. */
export function loadProducts(file: string | URL): ProductFacts[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ProductFacts)
}

const GROUPS: [RegExp, string][] = [
  [/dvd|blu-?ray|video|vhs/i, 'DVD'],
  [/book|paperback|hardcover|sheet music|kindle/i, 'Book'],
  [/shirt|apparel|poster|toy|kitchen|electronics|instrument|accessory|mug/i, 'Home'],
]

/** Amazon's product group. Products of unknown binding come from music departments. */
export function productGroup({ binding = '' }: ProductFacts): string {
  return GROUPS.find(([pattern]) => pattern.test(binding))?.[1] ?? 'Music'
}

/** Words as a shop search sees them: without case, accents and punctuation. */
export function tokenise(text: string): string[] {
  const folded = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ø/gi, 'o')
    .replace(/ß/g, 'ss')
    .replace(/&/g, ' and ')
    .replace(/['’`.]/g, '')
    .toLowerCase()
  const words = folded.match(/[\p{L}\p{N}]+/gu)
  // A title such as "÷" has no words; then it is its own.
  return words ?? (folded.trim() === '' ? [] : [folded.trim()])
}

interface Entry {
  facts: ProductFacts
  title: Set<string>
  all: Set<string>
}

/** Share of the artist's words that a product must have: credits are spelled in many ways. */
const ARTIST_SHARE = 0.6

/** An in-memory shop: exact words, found by an inverted index, ranked by how much of the product the query covers. */
export function createCatalogue(products: readonly ProductFacts[]): Catalogue {
  const byAsin = new Map<string, ProductFacts>()
  const byWord = new Map<string, Entry[]>()
  for (const facts of products) {
    byAsin.set(facts.asin, facts)
    const title = new Set(tokenise(facts.title))
    const codes = [facts.ean, facts.upc].filter((code) => code !== undefined)
    const entry = { facts, title, all: new Set([...title, ...tokenise(facts.artist ?? ''), ...codes]) }
    for (const word of entry.all) {
      const entries = byWord.get(word)
      if (entries) entries.push(entry)
      else byWord.set(word, [entry])
    }
  }

  /** Entries with the rarest of these words: only they can have all of them. */
  const candidates = (words: string[]) =>
    words.map((word) => byWord.get(word) ?? []).sort((a, b) => a.length - b.length)[0] ?? []

  return {
    find: (asin) => byAsin.get(asin),
    search({ artist = '', title = '', keywords = '', searchIndex }) {
      const titleWords = tokenise(title)
      const keyWords = tokenise(keywords)
      const artistWords = tokenise(artist)
      const wanted = [...titleWords, ...keyWords]
      const pool =
        wanted.length > 0 ? candidates(wanted) : [...new Set(artistWords.flatMap((word) => byWord.get(word) ?? []))]
      const asked = new Set([...wanted, ...artistWords])
      return pool
        .filter(
          ({ facts, title: inTitle, all }) =>
            (searchIndex !== 'Music' || productGroup(facts) === 'Music') &&
            titleWords.every((word) => inTitle.has(word)) &&
            keyWords.every((word) => all.has(word)) &&
            artistWords.filter((word) => all.has(word)).length >= artistWords.length * ARTIST_SHARE,
        )
        .map((entry) => ({
          facts: entry.facts,
          overlap: [...entry.all].filter((w) => asked.has(w)).length / entry.all.size,
        }))
        .sort(
          (a, b) => b.overlap - a.overlap || rank(a.facts) - rank(b.facts) || (a.facts.asin < b.facts.asin ? -1 : 1),
        )
        .map(({ facts }) => facts)
    },
  }
}

const rank = ({ salesRank }: ProductFacts) => salesRank ?? Number.MAX_SAFE_INTEGER
