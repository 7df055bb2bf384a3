import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import { readLane } from '../db/lane.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'

/** How soon a running worker sees that a person paused or resumed the lane. */
const POLL_MS = 1_000

/**
 * Lets albums through while nobody has paused the lane. The state is a row in PostgreSQL, so a pause outlives restarts;
 * while PostgreSQL is away the last state known holds.
 */
export class LaneGate {
  readonly #db: Database
  readonly #name: string
  readonly #log: Logger
  readonly #stop: AbortSignal
  readonly #watching: Promise<void>
  #isPaused = true
  #isKnown = false
  #changed = Promise.withResolvers<void>()

  /** @param name the worker's consumer group; watches until the signal is aborted */
  constructor(db: Database, name: string, log: Logger, stop: AbortSignal) {
    this.#db = db
    this.#name = name
    this.#log = log
    this.#stop = stop
    this.#watching = this.#watch()
  }

  /** Resolves once the lane is not paused, or the signal is aborted. */
  async pass(): Promise<void> {
    while (this.#isPaused && !this.#stop.aborted) await this.#changed.promise
  }

  /** Resolves once it no longer watches. */
  async closed(): Promise<void> {
    await this.#watching
  }

  async #watch(): Promise<void> {
    while (!this.#stop.aborted) {
      try {
        this.#set((await readLane(this.#db, this.#name)).state === 'paused')
      } catch (error) {
        this.#log.debug({ err: error }, 'lane state not readable')
      }
      await delay(POLL_MS, undefined, { signal: this.#stop }).catch(() => undefined)
    }
    this.#changed.resolve()
  }

  #set(isPaused: boolean): void {
    metrics.laneState.set({ state: 'paused' }, isPaused ? 1 : 0)
    metrics.laneState.set({ state: 'running' }, isPaused ? 0 : 1)
    if (this.#isKnown && isPaused === this.#isPaused) return
    if (isPaused || this.#isKnown) this.#log.info({ lane: this.#name }, isPaused ? 'lane paused' : 'lane running')
    this.#isKnown = true
    this.#isPaused = isPaused
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
