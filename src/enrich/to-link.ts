import type { Candidate } from '../album.ts'
import type { ProductLink } from '../events.ts'
import { toMinorUnits } from './price-minor.ts'

/** An accepted candidate as the link that is stored and published. */
export function toLink({ product, decidedBy, score, reason }: Candidate): ProductLink {
  const { asin, url, title, price, condition, availability, salesRank, fetchedAt } = product
  return {
    asin,
    url,
    title,
    decidedBy,
    score,
    reason,
    priceMinor: price && toMinorUnits(price),
    currency: price?.currency ?? null,
    condition,
    availability,
    pricedAt: price && fetchedAt,
    salesRank,
  }
}

/** Accepted candidates, best first: surest, then best selling, then by the larger image, then by ASIN so that the order never depends on chance. */
export function rankAccepted(candidates: Candidate[]): Candidate[] {
  const certainty = { person: 0, identifier: 1, rules: 2, model: 3 }
  const rank = ({ product }: Candidate) => product.salesRank ?? Number.POSITIVE_INFINITY
  const pixels = ({ product: { image } }: Candidate) => (image === null ? 0 : image.width * image.height)
  return candidates
    .filter(({ verdict }) => verdict === 'accept')
    .sort(
      (a, b) =>
        certainty[a.decidedBy] - certainty[b.decidedBy] ||
        Math.sign(rank(a) - rank(b)) ||
        pixels(b) - pixels(a) ||
        a.product.asin.localeCompare(b.product.asin),
    )
}
