import type { Album, Product, Verdict } from '../album.ts'
import type { ModelUse } from '../events.ts'

/** Most products in one call: the answer's quality falls and its time grows with the list. */
export const MAX_CANDIDATES = 30

/** A language model that judges whether products are an album. */
export interface Model {
  /** Its name at its host, and the version of the prompt that it gets. */
  readonly identity: Pick<ModelUse, 'name' | 'promptVersion'>
  /**
   * One call for one album.
   *
   * @param products at most MAX_CANDIDATES, at least one
   * @param signal aborts the call; its reason is thrown as is
   * @param onCall told of the call, however it ended
   * @throws EnrichmentError MODEL_BAD_CREDENTIALS, MODEL_NOT_FOUND, MODEL_QUOTA_SPENT, MODEL_TOKENS_SPENT, MODEL_INVALID_REQUEST (a
   *   TooLargeError when fewer products may pass), MODEL_THROTTLED (with retryAfterMs when the host told it),
   *   MODEL_ONLY_THROTTLES, MODEL_UNAVAILABLE, MODEL_PROMPT_REFUSED or MODEL_BAD_ANSWER
   */
  judge(
    album: Album,
    products: Product[],
    signal: AbortSignal,
    onCall?: (call: ModelCall) => void,
  ): Promise<ModelAnswer>
}

export interface ModelAnswer {
  /** One for every product, in the order of the products. */
  verdicts: ModelVerdict[]
  use: ModelUse
}

export interface ModelVerdict {
  /** null: the model was not heard about this product, and the reason says why. */
  verdict: Verdict | null
  reason: string
}

/** One call as people may read it. */
export interface ModelCall {
  albumId: string
  /** When it began, milliseconds since 1970. */
  at: number
  model: string
  promptVersion: string
  candidates: number
  /** ok or an error code. */
  result: string
  /** As the host told them; 0 where it does not. */
  inputTokens: number
  outputTokens: number
  /** What it counts in the day's budget: estimated where the host may have worked and does not tell. */
  spentTokens: number
  /** As the host told it, in its own unit; null where it does not. */
  cost: number | null
  latencyMs: number
  /** The model's words, or the refusal; cut. */
  answer: string
}
