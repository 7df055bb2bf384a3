/**
 * The words of this service, one per idea:
 *
 * - album: what was imported
 * - request: one wish to enrich an album (Amazon's are "Amazon requests")
 * - attempt: one try at a request; stage: a step of it (search, match, links, artwork)
 * - product: what Amazon sells; candidate: a product found for an album, with a verdict
 * - verdict: accept, reject or open; decided by identifier, rules, model or person
 * - link: an accepted product; artwork: the album's primary image
 * - outcome: what the request came to
 * - lane: the one-partition topics and the worker that takes albums from them
 * - dead letter: a record given up, with its history
 * - ledger: the table of requests and their stored stage answers
 */
import type { Album, DecidedBy, Stage } from './events.ts'

export type { Album, DecidedBy }

/** What a request asks for, unless it is for a part of it. */
export const ALL_STAGES: readonly Stage[] = ['search', 'match', 'links', 'artwork']

/** A price as Amazon told it. */
export interface Price {
  /** Decimal major units, as in Amazon's reply (59.49). */
  amount: number
  /** ISO 4217 code. */
  currency: string
}

export interface Image {
  url: string
  /** Pixels, of the image at `url`. */
  width: number
  height: number
}

/** A product as Amazon described it, without Amazon's envelope. Unknown is null or an empty list, never a guess. */
export interface Product {
  asin: string
  /** Product page with tag and parameters, kept verbatim. */
  url: string
  title: string
  /** `role` is localized, `roleType` is Amazon's stable name and often missing. */
  contributors: { name: string; role: string | null; roleType: string | null }[]
  brand: string | null
  manufacturer: string | null
  /** For example "Audio CD", "Vinyl"; localized. */
  binding: string | null
  /** For example "Music"; localized. */
  productGroup: string | null
  edition: string | null
  /** For example "Box set", "Import". */
  formats: string[]
  /** ISO date, or the beginning of one. */
  releaseDate: string | null
  /** EANs and UPCs as Amazon wrote them. */
  barcodes: string[]
  price: Price | null
  /** For example "New". */
  condition: string | null
  /** Amazon's availability type, for example "IN_STOCK". */
  availability: string | null
  /** Rank on the whole site, 1 is best. */
  salesRank: number | null
  /** The largest image that Amazon named. */
  image: Image | null
  /** When Amazon told all this, milliseconds since 1970. */
  fetchedAt: number
}

export type Verdict = 'accept' | 'reject' | 'open'

/** One part of the rules' score. */
export interface ScorePart {
  /** For example "title", "artist", "format". */
  name: string
  /** What it adds to or takes from the score. */
  value: number
  /** Why, in words. */
  reason: string
}

export interface Candidate {
  product: Product
  verdict: Verdict
  decidedBy: DecidedBy
  /** The rules' score, 0 to 1; null where the rules were not asked. */
  score: number | null
  parts: ScorePart[]
  /** Why this verdict, in words for the editor. */
  reason: string
}
