import type { Enrichment } from '../../enrich/enrich-album.ts'
import { toStoredProduct } from '../../enrich/stored-candidates.ts'
import type { ArtworkRow, CandidatesRow, LinksRow, WithdrawnRow } from './statements.ts'

/** What a result changes besides the request's own row. */
export interface Effects {
  candidates: CandidatesRow | null
  links: LinksRow | null
  withdrawn: WithdrawnRow | null
  artwork: ArtworkRow | null
}

/** @param now milliseconds since 1970 */
export function toEffects(
  { candidates, model, links, withdrawnAsins, artwork, isNew }: Enrichment,
  { albumId, requestId, now }: { albumId: string; requestId: string; now: number },
): Effects {
  const owner = { album_id: albumId, request_id: requestId, at: new Date(now).toISOString() }
  const toCandidateRow = (candidate: Enrichment['candidates'][number]) => {
    const { product, verdict, decidedBy, score, parts, reason } = candidate
    const by = decidedBy === 'model' ? { model_name: model?.name, prompt_version: model?.promptVersion } : {}
    const { asin } = product
    return { asin, product: toStoredProduct(candidate), verdict, decided_by: decidedBy, score, parts, reason, ...by }
  }
  const toLinkRow = (link: Enrichment['links'][number]) => {
    const { decidedBy, priceMinor, pricedAt, salesRank, ...same } = link
    const priced_at = pricedAt === null ? null : new Date(pricedAt).toISOString()
    return { ...same, decided_by: decidedBy, price_minor: priceMinor, priced_at, sales_rank: salesRank }
  }
  const { errorCode: error_code, errorMessage: error_message, ...picture } = artwork
  const brought = isNew.search ? candidates.map(({ product }) => product.asin) : null
  const has = (all: unknown[]) => isNew.links && all.length > 0
  return {
    candidates:
      isNew.search || has(candidates) ? { ...owner, brought, candidates: candidates.map(toCandidateRow) } : null,
    links: has(links) ? { ...owner, links: links.map(toLinkRow) } : null,
    withdrawn: has(withdrawnAsins) ? { ...owner, asins: withdrawnAsins } : null,
    artwork: isNew.artwork ? { ...owner, ...picture, error_code, error_message } : null,
  }
}
