import type { RequestTimes } from '../db/forgotten.ts'

/**
 * When requests are made, in milliseconds since 1970: by PostgreSQL's clock, as it was read last, whatever becomes of the
 * computer's own; and later than all that is known to have been forgotten. A worker tells by these times which requests
 * an album was forgotten after.
 */
export class RequestClock {
  readonly #elapsed: () => number
  #ahead: number | undefined
  #after = Number.NEGATIVE_INFINITY

  /** @param elapsed milliseconds since some moment, by a clock that nobody sets */
  constructor(elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed
  }

  /** Whether it has ever followed PostgreSQL's: before that it tells no time. */
  get isSet(): boolean {
    return this.#ahead !== undefined
  }

  now(): number {
    if (this.#ahead === undefined) throw new RangeError('the clock is not set')
    return Math.max(Math.floor(this.#elapsed() + this.#ahead), this.#after + 1)
  }

  /**
   * Sets it by what PostgreSQL tells, as of when that was asked: it is ahead by an answer's way then, and never behind.
   *
   * @throws what `read` throws; it goes on as it was
   */
  async follow(read: () => Promise<RequestTimes>): Promise<void> {
    const askedAt = this.#elapsed()
    const { now, lastForgottenAt } = await read()
    this.#ahead = now - askedAt
    this.pass(lastForgottenAt)
  }

  /** Whatever is made from now on is later than this. */
  pass(forgottenAt: number): void {
    this.#after = Math.max(this.#after, Math.floor(forgottenAt))
  }
}
