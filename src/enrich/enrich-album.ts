import type { Album, Candidate } from '../album.ts'
import type { AmazonApi } from '../amazon/amazon-api.ts'
import type { ArtworkResult, CandidateCounts, ModelUse, Outcome, ProductLink, Stage } from '../events.ts'
import type { Model } from '../model/model.ts'
import { type Match, matchAlbum } from './match/match-album.ts'
import { searchAmazon } from './search-amazon.ts'
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
  /** Runs a step, or answers what it answered before a crash or a failed attempt. */
  step<T>(name: Step, run: () => Promise<T>): Promise<T>
  /** Products linked by earlier requests: their prices are to be renewed, or they are to be withdrawn. */
  findLinkedAsins(albumId: string): Promise<string[]>
  /** What an earlier request found and linked, for one that does not search. */
  findEarlier(albumId: string): Promise<Match & Pick<SavedLinks, 'links'>>
  saveLinks(album: Album, match: Match): Promise<SavedLinks>
  /** @param accepted best first; a failure of the image's host or of the store is in the answer, never thrown */
  saveArtwork(album: Album, accepted: Candidate[], signal: AbortSignal): Promise<ArtworkResult>
}

/** A stage, or one Amazon answer of the search: each is paid for, so each is kept. */
export type Step = Exclude<Stage, 'search'> | `search.${string}`

export interface SavedLinks {
  /** All products now linked, best first. */
  links: ProductLink[]
  withdrawnAsins: string[]
}

/** What the enrichment of an album came to. */
export interface Enrichment extends SavedLinks {
  outcome: Outcome
  candidates: Candidate[]
  counts: CandidateCounts
  artwork: ArtworkResult
  model: ModelUse | null
}

/**
 * The story of one album: search, match, save the links, fetch the artwork, sum up.
 *
 * @param stages without `search` what an earlier request found and linked is taken, and only the artwork is fetched
 * @throws EnrichmentError with the code of whatever refused; stages that were finished keep their answers
 */
export async function enrichAlbum(
  album: Album,
  stages: readonly Stage[],
  using: Collaborators,
  signal: AbortSignal,
): Promise<Enrichment> {
  const { match, saved } = stages.includes('search')
    ? await findLinks(album, using, signal)
    : await takeEarlier(album, using)
  const artwork = await using.step('artwork', () => using.saveArtwork(album, rankAccepted(match.candidates), signal))

  const counts = countVerdicts(match.candidates)
  return { outcome: toOutcome(counts), candidates: match.candidates, counts, ...saved, artwork, model: match.model }
}

async function findLinks(album: Album, using: Collaborators, signal: AbortSignal) {
  const products = await searchAmazon(album, using, signal)
  const match = await using.step('match', () => matchAlbum(album, products, { ...using, signal }))
  const saved = await using.step('links', () => using.saveLinks(album, match))
  return { match, saved }
}

async function takeEarlier({ albumId }: Album, using: Collaborators): Promise<{ match: Match; saved: SavedLinks }> {
  const { links, ...match } = await using.findEarlier(albumId)
  return { match, saved: { links, withdrawnAsins: [] } }
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
