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
  readonly #isNamedWaitTold: boolean
  /** Those in a row that each are a reason to slow down. */
  #refusals = 0
  /** Of the first refusal after any other reply. */
  #since: number | null = null
  /** End of the first wait that Amazon named since then. */
  #firstNamedUntil: number | null = null
  /** End of the wait that Amazon asked for, on the clock of performance.now(). */
  #heldUntil = Number.NEGATIVE_INFINITY

  /**
   * @param patienceMs for nothing but refusals, in milliseconds
   * @param isNamedWaitTold whether somebody is told of a wait that Amazon named: then it takes nothing of our patience, or a
   *   single refusal would be "nothing but". Once: an account without access may be told to wait for ever
   */
  constructor(patienceMs: number, isNamedWaitTold: boolean) {
    this.#patienceMs = patienceMs
    this.#isNamedWaitTold = isNamedWaitTold
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
    if (retryAfterMs !== undefined && this.#isNamedWaitTold) this.#firstNamedUntil ??= now + forMs
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
    this.replied()
    return true
  }

  /** Amazon said something else than that it is too fast, if only that it fails: what comes next is not "nothing but". */
  replied(): void {
    if (performance.now() < this.#heldUntil) return
    this.#since = null
    this.#firstNamedUntil = null
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
    const isLimited = () => this.isPatient && this.#leftMs() < Number.POSITIVE_INFINITY
    if (!isLimited()) return null
    const aborting = new AbortController()
    let timer: NodeJS.Timeout
    const look = () => {
      // It may have grown, or ended with a reply, since the timer was set.
      if (isLimited()) timer = setTimeout(look, this.#leftMs()).unref()
      else if (!this.isPatient) aborting.abort(this.#onlyThrottles())
    }
    look()
    return { signal: aborting.signal, end: () => clearTimeout(timer) }
  }

  #leftMs(): number {
    if (this.#since === null) return Number.POSITIVE_INFINITY
    return Math.max(this.#since, this.#firstNamedUntil ?? 0) + this.#patienceMs - performance.now()
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
