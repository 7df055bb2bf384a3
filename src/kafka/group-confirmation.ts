import { orAborted } from '../or-aborted.ts'

/**
 * When the group last confirmed its member. The coordinator counts from when it was asked: an answer that was read late says
 * nothing of the time since. Times are performance.now()'s: nobody puts that clock back.
 */
export class GroupConfirmation {
  /** What is older may be said of a member that has lost its partitions without knowing: nothing that counts is done then. */
  readonly #freshMs: number
  #askedAt = Number.NEGATIVE_INFINITY
  #heard = Promise.withResolvers<void>()

  /** @param sessionTimeoutMs after which the group gives the partitions of a silent member to others */
  constructor(sessionTimeoutMs: number) {
    this.#freshMs = sessionTimeoutMs / 2
  }

  get ageMs(): number {
    return performance.now() - this.#askedAt
  }

  /** Whether it is so fresh that nobody else can have the partitions. */
  get isFresh(): boolean {
    return this.ageMs < this.#freshMs
  }

  /** @param askedAt when the group was asked what it now has confirmed; undefined where nobody knows */
  renew(askedAt = Number.NEGATIVE_INFINITY): void {
    this.#askedAt = Math.max(this.#askedAt, askedAt)
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
  }

  end(): void {
    this.#askedAt = Number.NEGATIVE_INFINITY
  }

  /** Resolves once it is fresh, and of later than some time. @throws the signal's reason */
  async until(signal: AbortSignal, since = Number.NEGATIVE_INFINITY): Promise<void> {
    signal.throwIfAborted()
    while (!this.isFresh || this.#askedAt < since) await orAborted(this.#heard.promise, signal)
  }
}
