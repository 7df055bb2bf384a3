/** Long for a commit that nothing holds up, and well below the time after which a broker gives a transaction up. */
const SLOW_MS = 2_000

/**
 * How many records go into one transaction: half as many after each commit that was slow, up to the most again while
 * they are quick. A client that a quota slows down waits in the middle of its transaction, the longer the more it has
 * sent: after 10 s the broker gives that up, and the same again would end the same way, for ever.
 */
export class TransactionSize {
  readonly #most: number
  #records: number

  constructor(most: number) {
    this.#most = most
    this.#records = most
  }

  get records(): number {
    return this.#records
  }

  /** @throws what the commit throws */
  async during(commit: () => Promise<void>): Promise<void> {
    const begunAt = performance.now()
    try {
      await commit()
    } finally {
      const isSlow = performance.now() - begunAt > SLOW_MS
      this.#records = isSlow ? Math.max(1, this.#records >> 1) : Math.min(this.#most, this.#records * 2)
    }
  }
}
