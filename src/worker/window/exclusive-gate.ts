import { orAborted } from '../../or-aborted.ts'

/** Lets work overlap, but for work that must run alone: that waits for what is running, and all else waits for it. */
export class ExclusiveGate {
  #running = 0
  #alone: Promise<void> | null = null
  #idle = Promise.withResolvers<void>()

  /** @throws what the work throws; the signal's reason while it waits */
  async run<T>(isAlone: boolean, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    while (this.#alone !== null) await orAborted(this.#alone, signal)
    if (!isAlone) return this.#count(work)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#alone = promise
    try {
      while (this.#running > 0) await orAborted(this.#idle.promise, signal)
      return await work()
    } finally {
      this.#alone = null
      resolve()
    }
  }

  async #count<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
      this.#idle.resolve()
      this.#idle = Promise.withResolvers()
    }
  }
}
