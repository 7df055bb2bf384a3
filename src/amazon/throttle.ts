import { LONGEST_WAIT_MS } from '../amazon-slots.ts'
import { EnrichmentError } from '../errors.ts'

const FIRST_BACKOFF_MS = 1_000
const LONGEST_BACKOFF_MS = 30_000

/** What a refusal asks of everybody who uses the account. */
export interface Wait {
  /** How long nobody may send, in milliseconds. */
  forMs: number
  /** Whether it is a reason of its own to go on more slowly: several requests in the air are refused together. */
  isNew: boolean
}

/** What Amazon's refusals to go as fast come to: how long to wait, and when that is no throttling any more. */
export class Throttle {
  readonly #patienceMs: number
  /** Those in a row that each are a reason to slow down. */
  #refusals = 0
  /** Of the first refusal after an answer. */
  #since: number | null = null
  /** End of the wait that Amazon asked for, on the clock of performance.now(). */
  #heldUntil = Number.NEGATIVE_INFINITY

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  /** @returns null when it says nothing new */
  refuse(retryAfterMs: number | undefined): Wait | null {
    const now = performance.now()
    this.#since ??= now
    const isNew = this.#refusals === 0 || now >= this.#heldUntil
    if (retryAfterMs === undefined && !isNew) return null
    const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#refusals)
    if (isNew) this.#refusals += 1
    // Jitter, since other processes with the same credential are refused at the same moment.
    const forMs =
      retryAfterMs === undefined ? backoffMs * (0.5 + Math.random() / 2) : Math.min(retryAfterMs, LONGEST_WAIT_MS)
    this.#heldUntil = Math.max(this.#heldUntil, now + forMs)
    return { forMs, isNew }
  }

  /** A person says that the wait is over, so an answer or a refusal is one from now. */
  hurry(): void {
    this.#heldUntil = Number.NEGATIVE_INFINITY
  }

  /** How long nothing but refusals has come, in milliseconds; 0 behind an answer. */
  get lastsMs(): number {
    return this.#since === null ? 0 : performance.now() - this.#since
  }

  get isPatient(): boolean {
    return this.#leftMs() > 0
  }

  /** @returns whether it is over: an answer that arrives while we hold back belongs to a request from before */
  accept(): boolean {
    if (performance.now() < this.#heldUntil) return false
    this.#refusals = 0
    this.#since = null
    return true
  }

  /** @throws EnrichmentError AMAZON_ONLY_THROTTLES when our patience is over */
  assertPatience(): void {
    if (!this.isPatient) throw this.#onlyThrottles()
  }

  /**
   * A signal that aborts with AMAZON_ONLY_THROTTLES when our patience ends; null while Amazon answers, and once patience is
   * over, when each call finds out anew.
   */
  watch(): { signal: AbortSignal; end(): void } | null {
    const leftMs = this.#leftMs()
    if (leftMs <= 0 || leftMs === Number.POSITIVE_INFINITY) return null
    const aborting = new AbortController()
    const timer = setTimeout(() => aborting.abort(this.#onlyThrottles()), leftMs).unref()
    return { signal: aborting.signal, end: () => clearTimeout(timer) }
  }

  #leftMs(): number {
    return this.#since === null ? Number.POSITIVE_INFINITY : this.#since + this.#patienceMs - performance.now()
  }

  #onlyThrottles(): EnrichmentError {
    const seconds = Math.round((performance.now() - (this.#since ?? 0)) / 1_000)
    return new EnrichmentError(
      'AMAZON_ONLY_THROTTLES',
      `429: Amazon has said nothing but "slow down" for ${seconds} s. An account without access to the API gets nothing ` +
        'else, for days: see in Associates Central whether it is approved and has its sales. Or another program uses ' +
        'the same credential',
    )
  }
}
