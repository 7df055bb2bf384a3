import type { Album, Candidate } from '../album.ts'
import type { AmazonApi } from '../amazon/amazon-api.ts'
import type { Earlier } from './earlier.ts'
import { getProducts } from './get-products.ts'
import { judgeByPerson } from './match/judge-by-person.ts'
import type { Match } from './match/match-album.ts'
import { createScorer } from './match/score-candidate.ts'
import { isKnownWhole, toUnshown } from './stored-candidates.ts'

interface Using {
  findEarlier(albumId: string): Promise<{ candidates: Candidate[] }>
  earlier: Pick<Earlier, 'verdicts'>
  amazon: Pick<AmazonApi, 'getItems'>
  step<T>(name: `search.${string}`, ask: () => Promise<T>): Promise<T>
}

/**
 * The candidates as they are stored, with what persons have decided about them since. Nothing is searched for; only
 * accepted products of which too little is known are asked for by their ASINs, whoever accepted them: the artwork hangs on
 * all of them.
 *
 * @throws EnrichmentError with Amazon's code
 */
export async function applyVerdicts(
  album: Album,
  { findEarlier, earlier: { verdicts }, amazon, step }: Using,
  signal: AbortSignal,
): Promise<Match> {
  const { candidates } = await findEarlier(album.albumId)
  const known = new Map(candidates.filter(isKnownWhole).map(({ product }) => [product.asin, product]))
  const wanted = findWanted(candidates, verdicts).filter((asin) => !known.has(asin))
  for (const product of await getProducts('verdict', wanted, { amazon, step }, signal)) known.set(product.asin, product)
  const unshown = new Set(wanted.filter((asin) => !known.has(asin)))
  const score = createScorer(album)
  const stored = new Set(candidates.map(({ product }) => product.asin))
  const judge = (candidate: Candidate) => {
    const { asin } = candidate.product
    const kept = unshown.has(asin) ? toUnshown(candidate.product, Date.now()) : candidate.product
    const product = known.get(asin) ?? kept
    return judgeByPerson(product, score, verdicts) ?? { ...candidate, product }
  }
  const added = [...known.values()]
    .filter(({ asin }) => !stored.has(asin))
    .flatMap((product) => judgeByPerson(product, score, verdicts) ?? [])
  return { candidates: [...candidates.map(judge), ...added], model: null }
}

/** Products that a person accepted, and those that were accepted otherwise and that no person rejected, without doubles. */
function findWanted(candidates: readonly Candidate[], verdicts: Earlier['verdicts']): string[] {
  const decided = new Set(verdicts.map(({ asin }) => asin))
  const byPerson = verdicts.filter(({ verdict }) => verdict === 'accept')
  const accepted = candidates.filter(({ verdict, product }) => verdict === 'accept' && !decided.has(product.asin))
  return [...byPerson.map(({ asin }) => asin), ...accepted.map(({ product }) => product.asin)]
}
