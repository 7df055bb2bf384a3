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

/**
 * What Amazon does not tell today is unknown, not gone: the last it told stays, a price with its time. So does what it told
 * later than this, as another request may have renewed the link while this one waited with its answers.
 */
export function keepKnown(link: ProductLink, known: EarlierLink | undefined): ProductLink {
  if (known === undefined) return link
  const isOlder = link.pricedAt !== null && known.pricedAt !== null && link.pricedAt < known.pricedAt
  const [first, second] = isOlder ? [known, link] : [link, known]
  const salesRank = first.salesRank ?? second.salesRank
  const availability = first.availability ?? second.availability
  const { priceMinor, currency, condition, pricedAt } = first.priceMinor === null ? second : first
  return { ...link, salesRank, availability, priceMinor, currency, condition, pricedAt }
}
