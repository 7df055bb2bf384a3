import type { Album, Candidate, Product } from '../album.ts'
import type { AmazonApi } from '../amazon/amazon-api.ts'
import type { CandidateCounts, ModelUse, Outcome, ProductLink, Stage } from '../events.ts'
import type { Model } from '../model/model.ts'
import { applyVerdicts } from './apply-verdicts.ts'
import { type ArtworkRecord, type Earlier, linkedAsins } from './earlier.ts'
import { getProducts } from './get-products.ts'
import { type Match, matchAlbum } from './match/match-album.ts'
import { type PlannedLinks, planLinks } from './plan-links.ts'
import { searchAmazon } from './search-amazon.ts'
import { isKnownWhole, toUnshown } from './stored-candidates.ts'
import { rankAccepted } from './to-link.ts'

/** What the enrichment of one album works with; `run` stores what it does, `try` does not. */
export interface Collaborators {
  /** For example www.amazon.com. */
  marketplace: string
  /** Whether the marketplace has an index of music alone. */
  hasMusicIndex: boolean
  amazon: AmazonApi
  /** null: nobody to ask, so what the rules leave open stays open. */
  model: Model | null
  modelUse: 'open' | 'always' | 'never'
  /** Runs a stage, and takes its time. */
  stage<T>(name: Stage, run: () => Promise<T>): Promise<T>
  /** Asks what is paid for, or answers what was answered before a crash or a failed attempt, if the name is the same. */
  step<T>(name: Step, ask: () => Promise<T>): Promise<T>
  requestId: string
  earlier: Earlier
  /** What an earlier request found and linked, for what this one does not ask about. */
  findEarlier(albumId: string): Promise<Match & Pick<PlannedLinks, 'links'>>
  /**
   * @param accepted best first
   * @returns a failure of the image's host or of the store is in it, never thrown; `earlier` itself: nothing has changed
   */
  getArtwork(
    album: Album,
    accepted: Candidate[],
    earlier: ArtworkRecord | null,
    signal: AbortSignal,
  ): Promise<ArtworkRecord>
}

/**
 * What is paid for, so each answer is kept: Amazon's and the model's, one by one. All else can be worked out again.
 * ASINs that are asked about are in the name: others may have been linked by the next try, and are another question.
 */
export type Step = `search.${string}` | `model.${string}`

/** What the enrichment of an album came to. */
export interface Enrichment extends PlannedLinks {
  outcome: Outcome
  candidates: Candidate[]
  counts: CandidateCounts
  artwork: ArtworkRecord
  model: ModelUse | null
  /**
   * What is to be stored of it; the rest is as earlier requests have stored it. `search`: these are all the candidates, and
   * others that were stored are none any more.
   */
  isNew: { search: boolean; links: boolean; artwork: boolean }
}

/**
 * The story of one album: search, match, plan the links, fetch the artwork, sum up. It stores nothing but answers that
 * are paid for.
 *
 * @param stages without `search` what an earlier request found is judged as persons have decided since; without `match`
 *   it is taken as it was linked, and only the artwork is fetched
 * @throws EnrichmentError with the code of whatever refused
 */
export async function enrichAlbum(
  album: Album,
  stages: readonly Stage[],
  using: Collaborators,
  signal: AbortSignal,
): Promise<Enrichment> {
  const matches = stages.includes('match')
  const searches = matches && stages.includes('search')
  const { match, planned } = matches
    ? await findLinks(album, searches, using, signal)
    : await takeEarlier(album, using, signal)
  const { earlier } = using
  const accepted = rankAccepted(match.candidates)
  const artwork = await using.stage('artwork', () => using.getArtwork(album, accepted, earlier.artwork, signal))

  const { candidates, model } = match
  const counts = countVerdicts(candidates)
  const isNew = { search: searches, links: matches, artwork: artwork !== earlier.artwork }
  return { outcome: toOutcome(counts), candidates, counts, ...planned, artwork, model, isNew }
}

async function findLinks(album: Album, searches: boolean, using: Collaborators, signal: AbortSignal) {
  const match = searches
    ? await searchAndMatch(album, using, signal)
    : await using.stage('match', () => applyVerdicts(album, using, signal))
  return { match, planned: planLinks(match, using.earlier.links, using.requestId) }
}

async function searchAndMatch(album: Album, using: Collaborators, signal: AbortSignal): Promise<Match> {
  const { verdicts } = using.earlier
  const search = { ...using, linkedAsins: linkedAsins(using.earlier) }
  const { products, unasked } = await using.stage('search', () => searchAmazon(album, search, signal))
  return using.stage('match', async () => {
    const { candidates, model } = await matchAlbum(album, products, { ...using, verdicts, signal })
    return { candidates: [...candidates, ...(await findStanding(album, products, unasked, using))], model }
  })
}

/**
 * Of links that the search did not bring the candidates that stand: as they are stored where nobody asked about them, unless a
 * person has rejected them since, and what a person has accepted also where Amazon does not show it.
 */
async function findStanding(
  { albumId }: Album,
  products: readonly Product[],
  unasked: readonly string[],
  using: Collaborators,
): Promise<Candidate[]> {
  const word = new Map(using.earlier.verdicts.map(({ asin, verdict }) => [asin, verdict]))
  const brought = new Set(products.map(({ asin }) => asin))
  const unshown = [...word.keys()].filter(
    (asin) => word.get(asin) === 'accept' && !brought.has(asin) && !unasked.includes(asin),
  )
  if (unasked.length + unshown.length === 0) return []
  const linked = (await using.findEarlier(albumId)).candidates.filter(({ verdict }) => verdict === 'accept')
  return [
    ...linked.filter(({ product: { asin } }) => unasked.includes(asin) && word.get(asin) !== 'reject'),
    ...linked
      .filter(({ product: { asin } }) => unshown.includes(asin))
      .map((one) => ({ ...one, product: toUnshown(one.product, Date.now()) })),
  ]
}

async function takeEarlier(
  { albumId }: Album,
  using: Collaborators,
  signal: AbortSignal,
): Promise<{ match: Match; planned: { links: ProductLink[]; withdrawnAsins: string[] } }> {
  const { links, candidates, model } = await using.findEarlier(albumId)
  // What may be kept no longer is asked for again: the artwork hangs on it.
  const ended = candidates.filter((candidate) => candidate.verdict === 'accept' && !isKnownWhole(candidate))
  const asins = ended.map(({ product }) => product.asin)
  const told = new Map((await getProducts('again', asins, using, signal)).map((product) => [product.asin, product]))
  const renewed = candidates.map((one) => ({ ...one, product: told.get(one.product.asin) ?? one.product }))
  return { match: { candidates: renewed, model }, planned: { links, withdrawnAsins: [] } }
}

function countVerdicts(candidates: Candidate[]): CandidateCounts {
  const count = (verdict: Candidate['verdict']) =>
    candidates.filter((candidate) => candidate.verdict === verdict).length
  return { candidates: candidates.length, accepted: count('accept'), rejected: count('reject'), open: count('open') }
}

function toOutcome({ candidates, accepted, open }: CandidateCounts): Outcome {
  if (accepted > 0) return 'matched'
  if (open > 0) return 'needs_review'
  return candidates > 0 ? 'no_match' : 'not_found'
}
