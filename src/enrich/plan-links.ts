import type { Candidate } from '../album.ts'
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
  const links = rankAccepted(candidates).map((accepted) => toCurrentLink(accepted, known.get(accepted.product.asin)))
  const linked = new Set(links.map(({ asin }) => asin))
  // Also what this very request has withdrawn before, in a run whose result readers may have seen or not.
  const withdrawn = earlier.filter(
    (link) => !linked.has(link.asin) && (!link.isWithdrawn || link.requestId === requestId),
  )
  return { links, withdrawnAsins: withdrawn.map(({ asin }) => asin).sort() }
}

/**
 * The link to an accepted product as Amazon told of it last. An answer without an offer, or without a rank, says that there is
 * none to tell now; only the price stays, with its condition and time. What it told later than this answer stays as it is, as
 * another request may have renewed the link while this one waited; so does all where the answer may be kept no longer.
 */
export function toCurrentLink(accepted: Candidate, known: EarlierLink | undefined): ProductLink {
  const link = toLink(accepted)
  if (known === undefined) return link
  const { priceMinor, currency, condition, pricedAt, availability, salesRank } = known
  const price = { priceMinor, currency, condition, pricedAt }
  // One that is kept no longer has a time below 0.
  if (accepted.product.fetchedAt < (pricedAt ?? 0)) return { ...link, ...price, availability, salesRank }
  return link.priceMinor === null && priceMinor !== null ? { ...link, ...price } : link
}
