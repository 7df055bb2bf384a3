import type { Candidate, Product } from '../album.ts'
import type { Database } from '../db/database.ts'
import { CandidateRow } from '../db/entities/candidate.entity.ts'
import { ExternalLink } from '../db/entities/external-link.entity.ts'
import type { ProductLink } from '../events.ts'
import type { EarlierLink } from './earlier.ts'
import type { Match } from './match/match-album.ts'
import { keepKnown } from './plan-links.ts'
import { rankAccepted, toLink } from './to-link.ts'

/** What stays of a product that was rejected, unless by a person, who may think better of it: enough for an editor to see what it was, and that it was rightly rejected. */
type RejectedProduct = Pick<Product, 'asin' | 'title' | 'contributors'>

/** A candidate's product as it is stored. What ended stays ended. */
export function toStoredProduct(candidate: Candidate): Product | RejectedProduct {
  const { product } = candidate
  if (isKnownWhole(candidate)) return product
  const { asin, url, title, contributors } = product
  if (isStoredWhole(candidate)) return { ...UNKNOWN, asin, url, title, contributors, fetchedAt: ENDED }
  return { asin, title, contributors }
}

/** When Amazon told a product of which not all is kept that it told. */
const ENDED = -1

/** Whether all that Amazon told of its product is known. */
export const isKnownWhole = (candidate: Candidate): boolean =>
  isStoredWhole(candidate) && candidate.product.fetchedAt !== ENDED

/** Whether all that Amazon told of its product is kept, for as long as it may be. */
function isStoredWhole({ verdict, decidedBy }: Pick<Candidate, 'verdict' | 'decidedBy'>): boolean {
  return verdict !== 'reject' || decidedBy === 'person'
}

const UNKNOWN = {
  brand: null,
  manufacturer: null,
  binding: null,
  productGroup: null,
  edition: null,
  formats: [],
  releaseDate: null,
  barcodes: [],
  price: null,
  condition: null,
  availability: null,
  salesRank: null,
  image: null,
}

/** A stored candidate with its verdict; what was not kept of its product is unknown. */
export function toCandidate(row: CandidateRow): Candidate {
  const { product, marketplace, judgedAt, verdict, decidedBy, score, parts, reason } = row
  const url = `https://${marketplace}/dp/${product.asin}`
  const { arePricesEnded, ...kept } = product
  const whole = { ...UNKNOWN, url, fetchedAt: judgedAt.getTime(), ...kept, ...(arePricesEnded && { fetchedAt: ENDED }) }
  return { product: whole, verdict, decidedBy, score: score == null ? null : Number(score), parts, reason }
}

/**
 * What earlier requests found of the album and linked, best first. A product whose link was withdrawn is no candidate any
 * more: its last verdict is of a search that still found it.
 *
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function findEarlier(
  db: Database,
  albumId: string,
  marketplace: string,
): Promise<Match & { links: ProductLink[] }> {
  return db.query(async (em) => {
    const linked = new Map(
      (await em.find(ExternalLink, { albumId, marketplace, withdrawnAt: null })).map((row) => [row.asin, row]),
    )
    const found = (await em.find(CandidateRow, { albumId, marketplace })).map(toCandidate)
    const candidates = found.filter(({ verdict, product }) => verdict !== 'accept' || linked.has(product.asin))
    const links = rankAccepted(candidates).map((candidate) => {
      const row = linked.get(candidate.product.asin)
      return keepKnown(toLink(candidate), row && toEarlierLink(row))
    })
    return { candidates, links, model: null }
  })
}

function toEarlierLink(row: ExternalLink): EarlierLink {
  const { asin, priceMinor, currency, condition, availability, pricedAt, salesRank, withdrawnAt, requestId } = row
  return {
    asin,
    priceMinor: priceMinor ?? null,
    currency: currency ?? null,
    condition: condition ?? null,
    availability: availability ?? null,
    pricedAt: pricedAt?.getTime() ?? null,
    salesRank: salesRank ?? null,
    isWithdrawn: Boolean(withdrawnAt),
    requestId,
  }
}
