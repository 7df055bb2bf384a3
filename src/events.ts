// Generated from schemas/*.avsc by `npm run generate`. Do not edit.

/** One credited artist. */
export interface Artist {
  /** The name as credited. Must not be blank. */
  name: string
  /** MusicBrainz artist id (a UUID), if known. */
  musicbrainzArtistId: string | null
}

/** An album was added to the catalogue, or its facts changed. Topic album.imported, key albumId. A null value (tombstone) erases what is stored of the album that its key names. */
export interface AlbumImported {
  /** The importer's id of the album. The record's key is its UTF-8 bytes, no JSON and no Avro. An integer id is its decimal text. */
  albumId: string
  /** The album's title as the catalogue shows it. Must not be blank. */
  title: string
  /** Everybody credited, in credit order. At least one. Their MusicBrainz ids are kept, and nothing is found or judged by them. */
  artists: Artist[]
  /** Year of the first release, if known. One before 1860 or after the next year counts as unknown. */
  releaseYear: number | null
  /** UPC or EAN codes of any release of the album: 8 to 14 digits with a right check digit, perhaps with spaces, hyphens or the name of their kind (EAN 4006758368092); others are passed over. They confirm a product that the search has brought, and find none by themselves. */
  barcodes: string[]
  /** Amazon ids already known to be this album, by marketplace (for example www.amazon.com; case and www. do not matter). Those of a lane's own marketplace are looked up, at most twenty of an album (ten where many products are linked), and confirm what is found; what can be no ASIN is passed over. */
  asins: Record<string, string[]>
  /** MusicBrainz release-group id (a UUID), if known. Kept with the album; nothing is found or judged by it. */
  musicbrainzReleaseGroupId: string | null
  /** Whether the catalogue already has a primary image; if so no artwork is fetched. */
  hasPrimaryImage: boolean
  /** When these facts were imported. Newer facts replace older ones, never the other way round; a time more than a day after the record's own, or before the year 2000, as seconds would be, counts as that. (milliseconds since 1970) */
  importedAt: number
  /** Where the importer has the album from, for people to read. */
  source: string
}

/** Why somebody wants the album enriched. */
export type Reason = 'imported' | 'replay' | 'verdict' | 'artwork'

/** A step of the enrichment. */
export type Stage = 'search' | 'match' | 'links' | 'artwork'

/** What the importer knows of an album; the fields of AlbumImported. */
export interface Album {
  /** The importer's id of the album. */
  albumId: string
  /** The album's title. */
  title: string
  /** Everybody credited, in credit order. At least one. */
  artists: Artist[]
  /** Year of the first release, if known. */
  releaseYear: number | null
  /** UPC or EAN codes of any release of the album. */
  barcodes: string[]
  /** Amazon ids already known to be this album, by marketplace. */
  asins: Record<string, string[]>
  /** MusicBrainz release-group id (a UUID), if known. */
  musicbrainzReleaseGroupId: string | null
  /** Whether the catalogue already has a primary image. */
  hasPrimaryImage: boolean
  /** When these facts were imported. (milliseconds since 1970) */
  importedAt: number
  /** Where the importer has the album from. */
  source: string
}

/** Where a Kafka record stands. */
export interface RecordPosition {
  /** Name of the topic. */
  topic: string
  /** Number of the partition. */
  partition: number
  /** Offset in the partition. */
  offset: number
}

/** One wish to enrich one album. Topic album.enrichment (one partition), key albumId. Internal to the service: written by intake and by commands. */
export interface EnrichmentRequested {
  /** Identity of the request. It ends in exactly one result or dead letter, unless its album is forgotten first, or its run is begun again. (UUID) */
  requestId: string
  /** imported: the album came from the importer. replay: an operator asks again. verdict: a person decided about a match. artwork: only the artwork is still missing. */
  reason: Reason
  /** The steps wanted. What is left out is taken from what an earlier request stored. */
  stages: Stage[]
  /** The album's facts as the request's author knew them. */
  album: Album
  /** When the request was made. (milliseconds since 1970) */
  requestedAt: number
  /** The record of album.imported that asked for it; null when a person or the service itself did. */
  source: RecordPosition | null
}

/** What was found. */
export type Outcome = 'matched' | 'needs_review' | 'no_match' | 'not_found'

/** Who decided about a candidate. */
export type DecidedBy = 'identifier' | 'rules' | 'model' | 'person'

/** An accepted product. */
export interface ProductLink {
  /** Amazon's id of the product. */
  asin: string
  /** Amazon's product page with tag and parameters, to be used unchanged. */
  url: string
  /** The product's title on Amazon. */
  title: string
  /** Who accepted it: an equal identifier, the rules, the language model or a person. */
  decidedBy: DecidedBy
  /** The rules' score, 0 to 1; null where the rules were not asked. */
  score: number | null
  /** Why it was accepted, in words for people; of a person when, and not who. */
  reason: string
  /** The last price that Amazon told, in the currency's minor unit (cents; yen for JPY); null when it told none, or is kept no longer. */
  priceMinor: number | null
  /** ISO 4217 code of the price. */
  currency: string | null
  /** Amazon's condition of the offer that the price is of, for example New. */
  condition: string | null
  /** Amazon's availability type, for example IN_STOCK, by its last answer about the product; null when that had no offer, however well the price is known. */
  availability: string | null
  /** When Amazon told the price. Availability and rank are of its last answer, which may be newer: of this result's search, or where it did not search (reason verdict or artwork) of an earlier one. (milliseconds since 1970) */
  pricedAt: number | null
  /** Rank on the whole site, 1 is best, by Amazon's last answer about the product; null when that had none. */
  salesRank: number | null
}

/** What became of it. */
export type ArtworkStatus = 'stored' | 'linked' | 'kept' | 'none' | 'pending' | 'failed' | 'off'

/** The primary artwork. */
export interface ArtworkResult {
  /** stored, linked: take the image of this result, at key or at url. kept: the newest import says that the catalogue has a primary image, which may be one of ours; leave yours. pending: a passing failure; leave yours, another result follows. none: no accepted product has an image that is large enough; failed: it cannot be had; both: there is none from us, not an earlier one either. off: the service does not look for artwork; leave yours. */
  status: ArtworkStatus
  /** The product whose image it is, not always that of the first link: a clearly larger image comes first; only when stored or linked. */
  asin: string | null
  /** Where Amazon has the image; only when stored or linked. */
  url: string | null
  /** The original's key in the object store, when stored; 100.jpg, 150.jpg and 250.jpg stand beside it. */
  key: string | null
  /** Why it is pending or failed. */
  errorCode: string | null
}

/** Candidates by verdict. */
export interface CandidateCounts {
  /** Products found. */
  candidates: number
  /** Products accepted. */
  accepted: number
  /** Products rejected. */
  rejected: number
  /** Products that a person should judge. */
  open: number
}

/** What the language model took, all calls added up. */
export interface ModelUse {
  /** The model's name. */
  name: string
  /** Version of our prompt. */
  promptVersion: string
  /** Tokens sent, as the model's host counted them. */
  inputTokens: number
  /** Tokens answered. */
  outputTokens: number
}

/** What the enrichment of one album came to on one marketplace. Topic album.enriched, key albumId, hashed with murmur2. Read with read_committed; resultId tells copies apart. Of each albumId and marketplace the result with the greatest finishedAt counts, not the last in the log. A null value (tombstone) says that the album is forgotten, on all marketplaces. */
export interface AlbumEnriched {
  /** Identity of this result; a reader that has seen it may skip the record. (UUID) */
  resultId: string
  /** The request that this result answers; dead retry, enrich and a verdict each make a new one. (UUID) */
  requestId: string
  /** How many times the request has been run from its start, counted from 1; greater than 1 only after offsets were reset, or the topics moved to another cluster. */
  run: number
  /** imported: the album came from the importer. replay: an operator asked again. verdict: a person decided about candidates; nothing was searched for, unless a verdict was taken back. artwork: only the artwork was still missing; links are repeated as they were. */
  reason: Reason
  /** The importer's id of the album. */
  albumId: string
  /** The album's title, of the facts that were used: those with the greatest importedAt, of two that are equal those at the greater offset. */
  title: string
  /** The Amazon site searched, for example www.amazon.com. */
  marketplace: string
  /** matched: at least one link; other candidates may be open (counts.open), and nobody need judge them. needs_review: no link, but a candidate that a person should judge. no_match: candidates, none of them the album. not_found: Amazon has no candidate. */
  outcome: Outcome
  /** All products now accepted for the album on this marketplace, best first: surest (person, identifier, rules, model), then best selling, then with the largest image, then by ASIN. */
  links: ProductLink[]
  /** Products whose link is taken back with this result: a search or a person rejected them, or Amazon does not show them any more (a link that a person accepted stays then). Each may come back in links later. */
  withdrawnAsins: string[]
  /** What became of the primary artwork. */
  artwork: ArtworkResult
  /** How many candidates there were, by verdict. */
  counts: CandidateCounts
  /** How many attempts it took, the successful one included. */
  attempts: number
  /** The language model's part; null when there was nothing to ask it. Without tokens it was not asked after all: the album's text gives orders, or the day's tokens were spent. */
  model: ModelUse | null
  /** When the enrichment was asked for, by PostgreSQL's clock; with reason artwork, when that was whose artwork was missing. (milliseconds since 1970) */
  requestedAt: number
  /** When a worker first took the request up, by its host's clock, which may be behind that of requestedAt. Of a later run too it is the time of the first. (milliseconds since 1970) */
  startedAt: number
  /** When the result was decided, by the clock of the worker's host, and always later than the one before of the same albumId and marketplace: the greatest wins, wherever it stands in the log. (milliseconds since 1970) */
  finishedAt: number
  /** The record of album.imported that asked for it; also where dead retry sent its request again, or asked for what intake had given up. null with reason verdict and artwork, and where an operator asked for the album by its id. */
  source: RecordPosition | null
  /** importedAt of the facts that were used. Greater than that of the record at source: this record's facts were older and changed nothing. null in results from before 0.2.0. (milliseconds since 1970) */
  importedAt: number | null
}
