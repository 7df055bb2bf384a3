import type { Album, Candidate, Product } from '../../album.ts'
import type { ModelUse } from '../../events.ts'
import { MAX_CANDIDATES, type Model, type ModelVerdict } from '../../model/model.ts'
import type { PersonVerdict } from '../earlier.ts'
import { compareFormats } from './compare-formats.ts'
import { findIdentifier, shareNoWord } from './find-identifier.ts'
import { judgeByPerson } from './judge-by-person.ts'
import { createScorer } from './score-candidate.ts'

export interface Match {
  /** One for every product, in the order of the products. */
  candidates: Candidate[]
  /** The model's part; null when it was not asked. */
  model: ModelUse | null
}

interface Options {
  /** For example www.amazon.com. */
  marketplace: string
  /** null: nobody to ask. */
  model: Model | null
  /**
   * open: about what the rules leave open. always: about everything that no identifier decides, but for other kinds of
   * things (books, karaoke, toasters), which no model can make an album.
   */
  modelUse: 'open' | 'always' | 'never'
  /** What persons decided. */
  verdicts: readonly PersonVerdict[]
  signal: AbortSignal
}

/**
 * Judges every product found for an album: as a person has, by identifier, by the rules, then in at most one call of the model.
 * What is still open is for a person.
 *
 * @throws EnrichmentError with a MODEL_ code when the model was asked and did not answer well
 */
export async function matchAlbum(album: Album, products: Product[], options: Options): Promise<Match> {
  const score = createScorer(album)
  const vetoed = new Set<Candidate>()
  const candidates = products.map((product) => {
    const known = judgeByPerson(product, score, options.verdicts)
    if (known !== null) return known
    const { isVetoed, isNamedOtherwise, ...rules } = score(product)
    const byRules: Candidate = { product, ...rules, decidedBy: 'rules' }
    const candidate = judgeByIdentifier(album, byRules, isNamedOtherwise, options.marketplace) ?? byRules
    if (isVetoed) vetoed.add(candidate)
    return candidate
  })
  const asked = selectForModel(
    candidates.filter((candidate) => !vetoed.has(candidate)),
    options,
  )
  const { model, signal } = options
  if (model === null || asked.length === 0) return { candidates, model: null }

  const doubtful = asked.map(({ product }) => product)
  const { verdicts, use } = await model.judge(album, doubtful, signal)
  const judged = new Map(asked.map((candidate, index) => [candidate, verdicts[index]]))
  return {
    candidates: candidates.map((candidate) => {
      const given = judged.get(candidate)
      return given === undefined ? candidate : withModel(candidate, given)
    }),
    model: use,
  }
}

/** What the model was not heard about stays as the rules had it; what they know to be no record it cannot make one. */
function withModel(candidate: Candidate, { verdict, reason }: ModelVerdict): Candidate {
  if (verdict === null) return { ...candidate, reason: `${candidate.reason}; ${reason}` }
  if (verdict === 'accept' && candidate.verdict === 'reject' && isHard(candidate))
    return { ...candidate, reason: `${candidate.reason}; the model would have accepted it: ${reason}` }
  return { ...candidate, verdict, reason, decidedBy: 'model' }
}

/** Rejected as another kind of thing: a book, a toaster, karaoke. */
const isHard = ({ parts }: Candidate) =>
  parts.some(({ name, value }) => value < 0 && (name === 'format' || name === 'other record'))

/**
 * A known identifier outweighs differences in words, but not what the rules know the product to be instead, or no word in
 * common: lists of ASINs and barcodes hold the odd book, concert or next volume. Such a one is open; what Amazon does not
 * sell as a record at all is left to the rules.
 */
function judgeByIdentifier(
  album: Album,
  byRules: Candidate,
  isNamedOtherwise: boolean,
  marketplace: string,
): Candidate | null {
  const { product, verdict } = byRules
  const identifier = findIdentifier(album, product, marketplace)
  if (identifier === null || compareFormats(product).kind === 'other') return null
  const open = (why: string): Candidate => ({ ...byRules, verdict: 'open', reason: `${identifier}, but ${why}` })
  if (verdict !== 'accept' && shareNoWord(album, product)) return open('neither title nor artist shares a word with it')
  if (verdict === 'reject' && isNamedOtherwise) return open(byRules.reason)
  return { product, verdict: 'accept', decidedBy: 'identifier', score: null, parts: [], reason: identifier }
}

/** The likeliest first, since one call takes a limited number. */
function selectForModel(candidates: Candidate[], { modelUse }: Options): Candidate[] {
  if (modelUse === 'never') return []
  return candidates
    .filter(({ decidedBy, verdict }) => decidedBy === 'rules' && (modelUse === 'always' || verdict === 'open'))
    .sort((left, right) => (right.score ?? 0) - (left.score ?? 0))
    .slice(0, MAX_CANDIDATES)
}
