/**
 * When requests are made, in milliseconds since 1970: by the computer's clock, but never at or before a tombstone that was
 * heeded. A worker tells by these times which requests an album was forgotten after; the computer's clock may be put back.
 */
export class RequestClock {
  readonly #now: () => number
  #after = Number.NEGATIVE_INFINITY

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  now(): number {
    return Math.max(this.#now(), this.#after + 1)
  }

  /** The time of a tombstone: whatever is made from now on is later. */
  ofTombstone(): number {
    this.#after = this.now()
    return this.#after
  }
}
