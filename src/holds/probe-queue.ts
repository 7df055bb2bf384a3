/** The callers that wait for a dependency. Their turns to probe it come one at a time, first come, first served. */
export class ProbeQueue {
  readonly #waiting = new Set<(isProbe: boolean) => void>()
  #isProbing = false
  /** On the clock of performance.now(). */
  #nextAt = 0
  #timer: NodeJS.Timeout | undefined

  /**
   * @returns true when it is this caller's turn to probe, which it must end with endTurn; false when all may go on
   * @throws the signal's reason
   */
  waitForTurn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const leave = () => {
        signal.removeEventListener('abort', onAbort)
        this.#waiting.delete(settle)
      }
      const settle = (isProbe: boolean) => {
        leave()
        resolve(isProbe)
      }
      const onAbort = () => {
        leave()
        this.#schedule()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort)
      this.#waiting.add(settle)
      this.#schedule()
    })
  }

  endTurn(): void {
    this.#isProbing = false
    this.#schedule()
  }

  /** The next turn begins so many milliseconds from now, unless one is going on: then when that has ended. */
  setNext(delayMs: number): void {
    this.#nextAt = performance.now() + delayMs
    this.#schedule()
  }

  releaseAll(): void {
    for (const settle of this.#waiting) settle(false)
    this.#schedule()
  }

  /** The timer runs only while somebody waits for it: nothing else may keep the process alive. */
  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#isProbing || this.#waiting.size === 0) return
    const delayMs = Math.max(0, this.#nextAt - performance.now())
    this.#timer = setTimeout(() => {
      const [first] = this.#waiting
      this.#isProbing = true
      first?.(true)
    }, delayMs)
  }
}
