/**
 * What a lease asks of the world, one call at a time: it waits until the walk answers it, so that anything may happen in
 * front of the answer.
 */
export class LeaseCalls {
  #waiting: { answer(lost?: Error): void; fail(error: unknown): void } | null = null
  #isOver = true
  #failure: { error: unknown } | null = null

  /** Whether the lease has nothing under way. */
  get isQuiet(): boolean {
    return this.#isOver
  }

  /** What the lease does, until it asks for something. @throws why it failed */
  async begin(done: Promise<void>): Promise<void> {
    this.#isOver = false
    this.#failure = null
    void done.then(
      () => this.#end(null),
      (error: unknown) => this.#end({ error }),
    )
    await this.#goOn()
  }

  /** The lease asks for something. @param work what happens in the world when the call is answered */
  call<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting = {
        answer(lost) {
          try {
            const answer = work()
            if (lost === undefined) resolve(answer)
            else reject(lost)
          } catch (error) {
            reject(error)
          }
        },
        fail: reject,
      }
    })
  }

  /**
   * Answers the call at hand, and lets the lease go on until it asks again.
   *
   * @param lost the error with which the answer is lost on its way
   * @throws why the lease failed
   */
  async answer(lost?: Error): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.answer(lost)
    await this.#goOn()
  }

  /** Lets the call at hand fail, and with it what the lease does. */
  async fail(error: unknown): Promise<void> {
    while (!this.#isOver) {
      const waiting = this.#waiting
      this.#waiting = null
      waiting?.fail(error)
      await this.#goOn().catch(() => undefined)
    }
  }

  async #goOn(): Promise<void> {
    while (this.#waiting === null && !this.#isOver) await null
    if (this.#failure === null) return
    const { error } = this.#failure
    this.#failure = null
    throw error
  }

  #end(failure: { error: unknown } | null): void {
    this.#isOver = true
    this.#failure = failure
  }
}
