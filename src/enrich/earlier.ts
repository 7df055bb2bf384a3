import type { ArtworkResult } from '../events.ts'

/** What earlier requests have stored of an album, as it is when a request is taken up. */
export interface Earlier {
  /** Every link, withdrawn ones too. */
  links: EarlierLink[]
  artwork: ArtworkRecord | null
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

export const NOTHING_EARLIER: Earlier = { links: [], artwork: null }

/** Products that are linked now: their prices are to be renewed, or they are to be withdrawn. */
export function linkedAsins({ links }: Earlier): string[] {
  return links.filter(({ isWithdrawn }) => !isWithdrawn).map(({ asin }) => asin)
}
