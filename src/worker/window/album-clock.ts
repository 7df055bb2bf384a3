import { EnrichmentError } from '../../errors.ts'

/**
 * The time that one album may take. It runs from start on and stands while it is paused, so that waiting for a turn or
 * for a server that is away costs the album nothing. It never keeps the process alive.
 */
export class AlbumClock {
  readonly #budgetMs: number
  readonly #madeAt = performance.now()
  readonly #aborting = new AbortController()
  #leftMs: number
  #hasStarted = false
  #pauses = 0
  #runningSince: number | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs
    this.#leftMs = budgetMs
  }

  /** Aborted with an EnrichmentError ALBUM_TOO_SLOW when the time is used up. */
  get signal(): AbortSignal {
    return this.#aborting.signal
  }

  /** How much of its life it stood, or was not started yet, in milliseconds. */
  get stoodMs(): number {
    const now = performance.now()
    const running = this.#runningSince === null ? 0 : now - this.#runningSince
    return now - this.#madeAt - (this.#budgetMs - this.#leftMs) - running
  }

  /** Only the first start counts. */
  start(): void {
    this.#hasStarted = true
    this.#update()
  }

  /** Each pause needs a resume of its own; one before the start counts too. */
  pause(): void {
    this.#pauses += 1
    this.#update()
  }

  resume(): void {
    if (this.#pauses === 0) throw new EnrichmentError('INTERNAL', 'an album clock was resumed that was not paused')
    this.#pauses -= 1
    this.#update()
  }

  /** The clock stands for good. */
  dispose(): void {
    this.pause()
  }

  #update(): void {
    const isRunning = this.#hasStarted && this.#pauses === 0 && !this.signal.aborted
    if (isRunning === (this.#runningSince !== null)) return
    if (this.#runningSince === null) {
      this.#runningSince = performance.now()
      this.#timer = setTimeout(() => this.#end(), this.#leftMs).unref()
    } else {
      clearTimeout(this.#timer)
      this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - this.#runningSince))
      this.#runningSince = null
    }
  }

  #end(): void {
    const seconds = this.#budgetMs / 1_000
    this.#aborting.abort(
      new EnrichmentError('ALBUM_TOO_SLOW', `the album was not done after ${seconds} s of work on it`),
    )
  }
}
