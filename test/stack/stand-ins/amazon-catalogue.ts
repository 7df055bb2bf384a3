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
  /** Words of title and artist. */
  words: Set<string>
  /** Those and the barcodes. */
  all: Set<string>
}

/** Share of the artist's words that a product must have: credits are spelled in many ways. */
const ARTIST_SHARE = 0.6
/** Keywords are looser than fields: a shop shows what has most of them. */
const KEYWORD_SHARE = 2 / 3
/** Words that no shop insists on. */
const STOP_WORDS = new Set(['the', 'a', 'an', 'and', 'of'])

/** An in-memory shop: exact words, found by an inverted index, ranked by how much of the product the query covers. */
export function createCatalogue(products: readonly ProductFacts[]): Catalogue {
  const byAsin = new Map<string, ProductFacts>()
  const byWord = new Map<string, Entry[]>()
  for (const facts of products) {
    byAsin.set(facts.asin, facts)
    const title = new Set(tokenise(facts.title))
    const codes = [facts.ean, facts.upc].filter((code) => code !== undefined)
    const words = new Set([...title, ...tokenise(facts.artist ?? '')])
    const entry = { facts, title, words, all: new Set([...words, ...codes]) }
    for (const word of entry.all) {
      const entries = byWord.get(word)
      if (entries) entries.push(entry)
      else byWord.set(word, [entry])
    }
  }

  const entriesOf = (words: string[]) => words.map((word) => byWord.get(word) ?? []).sort((a, b) => a.length - b.length)
  /** Entries with the rarest of these words: only they can have all of them. */
  const withRarest = (words: string[]) => entriesOf(words)[0] ?? []
  const withAny = (words: string[]) => [...new Set(entriesOf(words).flat())]

  return {
    find: (asin) => byAsin.get(asin),
    search({ artist = '', title = '', keywords = '', searchIndex }) {
      const titleWords = weighty(tokenise(title))
      const keyWords = weighty(tokenise(keywords))
      const artistWords = weighty(tokenise(artist))
      const wanted = [...titleWords, ...keyWords]
      const pool = titleWords.length > 0 ? withRarest(titleWords) : withAny([...keyWords, ...artistWords])
      const asked = new Set([...wanted, ...artistWords])
      return pool
        .filter(
          ({ facts, title: inTitle, all }) =>
            (searchIndex !== 'Music' || productGroup(facts) === 'Music') &&
            titleWords.every((word) => inTitle.has(word)) &&
            hasShare(keyWords, all, KEYWORD_SHARE) &&
            hasShare(artistWords, all, ARTIST_SHARE),
        )
        .map((entry) => ({
          facts: entry.facts,
          overlap: [...entry.words].filter((w) => asked.has(w)).length / entry.words.size,
        }))
        .sort(
          (a, b) => b.overlap - a.overlap || rank(a.facts) - rank(b.facts) || (a.facts.asin < b.facts.asin ? -1 : 1),
        )
        .map(({ facts }) => facts)
    },
  }
}

const hasShare = (words: string[], all: Set<string>, share: number) =>
  words.filter((word) => all.has(word)).length >= words.length * share

/** Without stop words, unless there is nothing else. */
function weighty(words: string[]): string[] {
  const kept = words.filter((word) => !STOP_WORDS.has(word))
  return kept.length > 0 ? kept : words
}

const rank = ({ salesRank }: ProductFacts) => salesRank ?? Number.MAX_SAFE_INTEGER
