import type { Album, Product, Verdict } from '../album.ts'
import type { ModelUse } from '../events.ts'

/** Most products in one call: the answer's quality falls and its time grows with the list. */
export const MAX_CANDIDATES = 30

/** A language model that judges whether products are an album. */
export interface Model {
  /**
   * One call for one album.
   *
   * @param products at most MAX_CANDIDATES, at least one
   * @param signal aborts the call; its reason is thrown as is
   * @throws EnrichmentError MODEL_BAD_CREDENTIALS, MODEL_QUOTA_SPENT, MODEL_INVALID_REQUEST, MODEL_THROTTLED (with
   *   retryAfterMs when the host told it), MODEL_UNAVAILABLE or MODEL_BAD_ANSWER
   */
  judge(album: Album, products: Product[], signal: AbortSignal): Promise<ModelAnswer>
}

export interface ModelAnswer {
  /** One for every product, in the order of the products. */
  verdicts: { verdict: Verdict; reason: string }[]
  use: ModelUse
}
