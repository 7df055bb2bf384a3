import type { ProductLink } from '../events.ts'
import type { EarlierLink } from './earlier.ts'
import type { Match } from './match/match-album.ts'
import { rankAccepted, toLink } from './to-link.ts'

export interface PlannedLinks {
  /** All products now linked, best first. */
  links: ProductLink[]
  withdrawnAsins: string[]
}

/**
 * Links the accepted products and withdraws links that no longer match. Identity is (album, marketplace, ASIN), so a
 * repeat doubles nothing.
 *
 * @param earlier every link that is stored of the album, withdrawn ones too
 */
export function planLinks({ candidates }: Match, earlier: readonly EarlierLink[], requestId: string): PlannedLinks {
  const known = new Map(earlier.map((link) => [link.asin, link]))
  const links = rankAccepted(candidates).map((accepted) =>
    keepKnown(toLink(accepted), known.get(accepted.product.asin)),
  )
  const linked = new Set(links.map(({ asin }) => asin))
  // Also what this very request has withdrawn before, in a run whose result readers may have seen or not.
  const withdrawn = earlier.filter(
    (link) => !linked.has(link.asin) && (!link.isWithdrawn || link.requestId === requestId),
  )
  return { links, withdrawnAsins: withdrawn.map(({ asin }) => asin).sort() }
}

/** What Amazon does not tell today is unknown, not gone: the last it told stays, a price with its time. */
export function keepKnown(link: ProductLink, known: EarlierLink | undefined): ProductLink {
  if (known === undefined) return link
  const salesRank = link.salesRank ?? known.salesRank
  const availability = link.availability ?? known.availability
  if (link.priceMinor !== null) return { ...link, salesRank, availability }
  const { priceMinor, currency, condition, pricedAt } = known
  return { ...link, salesRank, availability, priceMinor, currency, condition, pricedAt }
}
