/** Computers' clocks run apart by less than this. */
const DRIFT = 0.0002

/**
 * What another clock shows, on our own of performance.now(). Each question to it bounds the difference: the answer was
 * given after the question and before it arrived. The bounds are kept and narrowed, so a slow answer takes nothing away.
 */
export class ClockMap {
  /** The other clock minus ours, at least and at most, in milliseconds. */
  #low = Number.NEGATIVE_INFINITY
  #high = Number.POSITIVE_INFINITY
  #boundAt = 0

  /** @param theirs what it showed at some moment between `askedAt` and `answeredAt`; all in milliseconds */
  note(theirs: number, askedAt: number, answeredAt: number): void {
    const drift = (answeredAt - this.#boundAt) * DRIFT
    const low = Math.max(this.#low - drift, theirs - answeredAt)
    const high = Math.min(this.#high + drift, theirs - askedAt)
    // No difference fits both: one of the clocks was set, and only the latest answer counts.
    const isSet = low > high
    this.#low = isSet ? theirs - answeredAt : low
    this.#high = isSet ? theirs - askedAt : high
    this.#boundAt = answeredAt
  }

  /** The earliest and the latest moment that its time can be on our clock. */
  earliest(theirs: number): number {
    return theirs - this.#high
  }

  latest(theirs: number): number {
    return theirs - this.#low
  }
}
