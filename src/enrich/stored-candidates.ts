import type { Candidate, Product } from '../album.ts'
import type { Database } from '../db/database.ts'
import type { CandidateRow } from '../db/entities/candidate.entity.ts'
import type { Statement } from '../db/prepared.ts'
import type { ProductLink } from '../events.ts'
import type { EarlierLink } from './earlier.ts'
import type { Match } from './match/match-album.ts'
import { toCurrentLink } from './plan-links.ts'
import { rankAccepted } from './to-link.ts'

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

/** A product that Amazon was asked about and does not show. @param now when that was, milliseconds since 1970 */
export function toUnshown({ asin, url, title, contributors }: Product, now: number): Product {
  return { ...UNKNOWN, asin, url, title, contributors, fetchedAt: now }
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

type StoredCandidate = Pick<
  CandidateRow,
  'marketplace' | 'product' | 'verdict' | 'decidedBy' | 'score' | 'parts' | 'reason' | 'judgedAt'
>

/** A stored candidate with its verdict; what was not kept of its product is unknown. */
export function toCandidate(row: StoredCandidate): Candidate {
  const { product, marketplace, judgedAt, verdict, decidedBy, score, parts, reason } = row
  const url = `https://${marketplace}/dp/${product.asin}`
  const { arePricesEnded, ...kept } = product
  const whole = { ...UNKNOWN, url, fetchedAt: judgedAt.getTime(), ...kept, ...(arePricesEnded && { fetchedAt: ENDED }) }
  return { product: whole, verdict, decidedBy, score: score == null ? null : Number(score), parts, reason }
}

const FIND_CANDIDATES: Statement<Omit<StoredCandidate, 'judgedAt'> & { judgedMs: number }> = {
  name: 'select candidate',
  text: `
    select marketplace, product, verdict, decided_by as "decidedBy", score, parts, reason,
      (extract(epoch from judged_at) * 1000)::float8 as "judgedMs"
    from candidate where album_id = $1 and marketplace = $2`,
}
const FIND_LINKS: Statement<EarlierLink> = {
  name: 'select external_link',
  text: `
    select asin, price_minor::float8 as "priceMinor", currency, condition, availability,
      (extract(epoch from priced_at) * 1000)::float8 as "pricedAt", sales_rank::float8 as "salesRank",
      false as "isWithdrawn", request_id as "requestId"
    from external_link where album_id = $1 and marketplace = $2 and withdrawn_at is null`,
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
  const linked = new Map((await db.run(FIND_LINKS, [albumId, marketplace])).map((link) => [link.asin, link]))
  const rows = await db.run(FIND_CANDIDATES, [albumId, marketplace])
  const found = rows.map(({ judgedMs, ...row }) => toCandidate({ ...row, judgedAt: new Date(judgedMs) }))
  const candidates = found.filter(({ verdict, product }) => verdict !== 'accept' || linked.has(product.asin))
  const links = rankAccepted(candidates).map((accepted) => toCurrentLink(accepted, linked.get(accepted.product.asin)))
  return { candidates, links, model: null }
}
