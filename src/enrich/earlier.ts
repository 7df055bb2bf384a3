import type { ArtworkResult } from '../events.ts'

/** What earlier requests have stored of an album, as it is when a request is taken up. */
export interface Earlier {
  /** Every link, withdrawn ones too. */
  links: EarlierLink[]
  artwork: ArtworkRecord | null
  /** What persons decided. */
  verdicts: PersonVerdict[]
}

/** A person's word about a product, which outweighs every other. */
export interface PersonVerdict {
  asin: string
  verdict: 'accept' | 'reject'
  /** Who, for the next person to ask. */
  by: string
  /** Milliseconds since 1970. */
  at: number
}

export interface EarlierLink {
  asin: string
  /** In the currency's minor unit. */
  priceMinor: number | null
  currency: string | null
  condition: string | null
  availability: string | null
  /** Milliseconds since 1970. */
  pricedAt: number | null
  salesRank: number | null
  isWithdrawn: boolean
  /** The request that linked or withdrew it last. */
  requestId: string
}

/** What became of an album's artwork, as it is stored. */
export interface ArtworkRecord extends ArtworkResult {
  /** Pixels and bytes of the original; only when it is stored. */
  width: number | null
  height: number | null
  bytes: number | null
  errorMessage: string | null
}

export const NOTHING_EARLIER: Earlier = { links: [], artwork: null, verdicts: [] }

/**
 * Products that a person wants linked, those that are not yet before the others, then those that are linked now, whose prices
 * are to be renewed unless they are to be withdrawn.
 */
export function linkedAsins({ links, verdicts }: Earlier): string[] {
  const linked = links.filter(({ isWithdrawn }) => !isWithdrawn).map(({ asin }) => asin)
  const wanted = verdicts.filter(({ verdict }) => verdict === 'accept').map(({ asin }) => asin)
  return [...new Set([...wanted.filter((asin) => !linked.includes(asin)), ...wanted, ...linked])]
}
