/** The transactions that a process has under way: while Kafka answers none of them nothing moves, whatever the group says. */
export class OpenTransactions {
  readonly #begun = new Set<{ at: number }>()

  /** When the oldest of them began, by performance.now(); null while there is none. */
  get since(): number | null {
    const [oldest] = this.#begun
    return oldest?.at ?? null
  }

  /** @throws what the transaction throws */
  async during<T>(transaction: Promise<T>): Promise<T> {
    const begun = { at: performance.now() }
    this.#begun.add(begun)
    try {
      return await transaction
    } finally {
      this.#begun.delete(begun)
    }
  }
}
