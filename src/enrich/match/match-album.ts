import type { Album, Candidate, Product, Verdict } from '../../album.ts'
import type { ModelUse } from '../../events.ts'
import { MAX_CANDIDATES, type Model } from '../../model/model.ts'
import type { PersonVerdict } from '../earlier.ts'
import { compareFormats } from './compare-formats.ts'
import { findIdentifier } from './find-identifier.ts'
import { judgeByPerson } from './judge-by-person.ts'
import { scoreCandidate } from './score-candidate.ts'

export interface Match {
  /** One for every product, in the order of the products. */
  candidates: Candidate[]
  /** The model's part; null when it was not asked. */
  model: ModelUse | null
}

/** The model's answer as it is kept: by ASIN, so that it can be read without the question. */
export interface Judgement {
  verdicts: { asin: string; verdict: Verdict; reason: string }[]
  use: ModelUse
}

interface Options {
  /** For example www.amazon.com. */
  marketplace: string
  /** null: nobody to ask. */
  model: Model | null
  /** open: about what the rules leave open. always: about everything that no identifier decides. */
  modelUse: 'open' | 'always' | 'never'
  /** What persons decided. */
  verdicts: readonly PersonVerdict[]
  /** Asks, or answers what was answered before. */
  step(name: 'model', ask: () => Promise<Judgement>): Promise<Judgement>
  signal: AbortSignal
}

/**
 * Judges every product found for an album: as a person has, by identifier, by the rules, then in at most one call of the model.
 * What is still open is for a person.
 *
 * @throws EnrichmentError with a MODEL_ code when the model was asked and did not answer well
 */
export async function matchAlbum(album: Album, products: Product[], options: Options): Promise<Match> {
  const candidates = products.map(
    (product) =>
      judgeByPerson(album, product, options.verdicts) ??
      judgeByIdentifier(album, product, options.marketplace) ??
      judgeByRules(album, product),
  )
  const asked = selectForModel(candidates, options)
  const { model, step, signal } = options
  if (model === null || asked.length === 0) return { candidates, model: null }

  const { verdicts, use } = await step('model', () => judge(model, album, asked, signal))
  const judged = new Map(verdicts.map(({ asin, verdict, reason }) => [asin, { verdict, reason }]))
  return {
    candidates: candidates.map((candidate) => {
      const verdict = asked.includes(candidate) ? judged.get(candidate.product.asin) : undefined
      return verdict === undefined ? candidate : { ...candidate, ...verdict, decidedBy: 'model' }
    }),
    model: use,
  }
}

async function judge(model: Model, album: Album, asked: Candidate[], signal: AbortSignal): Promise<Judgement> {
  const products = asked.map(({ product }) => product)
  const { verdicts, use } = await model.judge(album, products, signal)
  return {
    verdicts: products.flatMap(({ asin }, index) => {
      const given = verdicts[index]
      return given === undefined ? [] : [{ asin, ...given }]
    }),
    use,
  }
}

/**
 * A known identifier outweighs any difference in words. But lists of ASINs and barcodes hold the odd book or concert
 * film: what Amazon itself does not sell as a record is left to the rules.
 */
function judgeByIdentifier(album: Album, product: Product, marketplace: string): Candidate | null {
  const reason = findIdentifier(album, product, marketplace)
  if (reason === null || compareFormats(product).kind === 'other') return null
  return { product, verdict: 'accept', decidedBy: 'identifier', score: null, parts: [], reason }
}

function judgeByRules(album: Album, product: Product): Candidate {
  return { product, ...scoreCandidate(album, product), decidedBy: 'rules' }
}

/** The likeliest first, since one call takes a limited number. */
function selectForModel(candidates: Candidate[], { modelUse }: Options): Candidate[] {
  if (modelUse === 'never') return []
  return candidates
    .filter(({ decidedBy, verdict }) => decidedBy === 'rules' && (modelUse === 'always' || verdict === 'open'))
    .sort((left, right) => (right.score ?? 0) - (left.score ?? 0))
    .slice(0, MAX_CANDIDATES)
}
