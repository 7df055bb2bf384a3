import { EnrichmentError } from '../errors.ts'

/**
 * The time an album may take, from its first Amazon grant on. It stands while the album waits for what is no fault of
 * its own: for its turn at Amazon, or for a server that is away.
 */
export class AlbumClock {
  readonly #controller = new AbortController()
  readonly #budgetMs: number
  #leftMs: number
  #isStarted = false
  #pauses = 0
  #runningSince: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs
    this.#leftMs = budgetMs
  }

  /** Aborted with EnrichmentError ALBUM_TOO_SLOW when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Begins to count; calls after the first change nothing. */
  start(): void {
    this.#isStarted = true
    this.#run()
  }

  /** Stands until as many calls of `resume` have followed. */
  pause(): void {
    this.#pauses += 1
    clearTimeout(this.#timer)
    if (this.#runningSince === undefined) return
    this.#leftMs -= performance.now() - this.#runningSince
    this.#runningSince = undefined
  }

  resume(): void {
    this.#pauses -= 1
    this.#run()
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#pauses = Number.POSITIVE_INFINITY
  }

  #run(): void {
    if (!this.#isStarted || this.#pauses > 0 || this.#runningSince !== undefined) return
    this.#runningSince = performance.now()
    this.#timer = setTimeout(
      () => {
        const message = `the album took longer than ${this.#budgetMs / 1_000} s`
        this.#controller.abort(new EnrichmentError('ALBUM_TOO_SLOW', message))
      },
      Math.max(0, this.#leftMs),
    )
    this.#timer.unref()
  }
}
