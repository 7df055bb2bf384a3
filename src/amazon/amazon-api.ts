import type { Product } from '../album.ts'
import type { ErrorCode } from '../errors.ts'

/** What Amazon takes for one getItems request. */
export const MOST_IDS = 10

/** What to search for. Blank fields are not sent; at least one of the three texts must hold something. */
export interface AmazonQuery {
  artist?: string
  title?: string
  keywords?: string
  /** `Music` only where the marketplace has that index (see marketplaces.ts). */
  searchIndex: 'Music' | 'All'
}

/** Told of an Amazon request's way to its turn; each Amazon request may take several. */
export interface Turn {
  /** It waits for the pace. */
  waits(): void
  /** The pace lets it go: it is sent at once, unless this throws. */
  comes(): void
}

/** Amazon's catalogue, whichever protocol is behind it. Every refusal is an EnrichmentError with an AMAZON_ code. */
export interface AmazonApi {
  /**
   * @param asins 1 to 10 of them; they cost one Amazon request together
   * @returns the products in Amazon's order; those that Amazon does not know or show are absent
   * @throws EnrichmentError AMAZON_*; the signal's reason when it aborts
   */
  getItems(asins: string[], signal: AbortSignal, turn?: Turn): Promise<Product[]>
  /**
   * @returns at most 10 products, best first; an empty list means that Amazon found nothing
   * @throws EnrichmentError AMAZON_*; the signal's reason when it aborts
   */
  searchItems(query: AmazonQuery, signal: AbortSignal, turn?: Turn): Promise<Product[]>
}

/** One HTTP request to Amazon, told when it is over. */
export interface AmazonRequestSeen {
  operation: 'getItems' | 'searchItems' | 'token'
  /** What was asked, for people to read; empty for a token. */
  query: string
  /** HTTP status; null when no reply came. */
  status: number | null
  result: 'ok' | 'aborted' | ErrorCode
  products: number
  /** From the grant to the end of the reply, milliseconds. */
  durationMs: number
}
