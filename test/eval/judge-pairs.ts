import { matchAlbum } from '../../src/enrich/match/match-album.ts'
import type { Model } from '../../src/model/model.ts'
import type { Judged } from './measure.ts'
import { type Pair, SITE, toAlbum, toProduct } from './read-pairs.ts'

export interface Judgement {
  /** In the order of the pairs. */
  judged: Judged[]
  albums: number
  /** Albums that the model was asked about. */
  modelCalls: number
  inputTokens: number
  outputTokens: number
}

/**
 * Judges all pairs as the service does, album by album, so that one call of the model answers for all of an album's
 * open products.
 *
 * @param model null: identifiers and rules only
 * @throws EnrichmentError as matchAlbum
 */
export async function judgePairs(pairs: readonly Pair[], model: Model | null): Promise<Judgement> {
  const result: Judgement = { judged: [], albums: 0, modelCalls: 0, inputTokens: 0, outputTokens: 0 }
  const judged = new Map<Pair, Judged>()
  for (const group of Map.groupBy(pairs, ({ album }) => JSON.stringify(album)).values()) {
    const [first] = group
    if (first === undefined) continue
    const match = await matchAlbum(toAlbum(first), group.map(toProduct), {
      marketplace: SITE,
      model,
      modelUse: model === null ? 'never' : 'open',
      verdicts: [],
      signal: AbortSignal.timeout(MODEL_PATIENCE_MS),
    })
    result.albums += 1
    if (match.model !== null) result.modelCalls += 1
    result.inputTokens += match.model?.inputTokens ?? 0
    result.outputTokens += match.model?.outputTokens ?? 0
    group.forEach((pair, index) => {
      const decision = match.candidates[index]
      if (decision !== undefined) judged.set(pair, { ...pair, decision })
    })
  }
  return { ...result, judged: pairs.flatMap((pair) => judged.get(pair) ?? []) }
}

/** Longest wait for one album's answer. */
const MODEL_PATIENCE_MS = 300_000
