import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import type { HoldRecord } from '../db/entities/lane.entity.ts'
import { NOBODY, readLane, type StoredLane } from '../db/lane.ts'
import { toEnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { orAborted } from '../or-aborted.ts'

/** How soon a running process sees that a person paused or resumed the lane. */
const POLL_MS = 1_000

export interface LaneStateOptions {
  db: Database
  /** The consumer group. */
  name: string
  /** Whether it is the lane itself, which has a metric of its own. */
  isLane: boolean
  log: Logger
  /** Ends the watching. */
  stop: AbortSignal
  /** Keeps the holds where `status` reads them. */
  storeHolds(holds: HoldRecord[]): Promise<void>
  /** A person said resume. */
  onResume(): void
  /** The holds of whoever had the group's state in hand before, told once. */
  onFound?(holds: HoldRecord[]): void
}

/**
 * Whether a group's work goes on. A person may have paused it: that is a row in PostgreSQL and outlives restarts; while
 * PostgreSQL is away the last state known counts. The service may hold it, for causes of its own, of which each ends by
 * itself or when a person says resume. Somebody who stands by is neither running, paused nor held.
 */
export class LaneState {
  readonly #options: LaneStateOptions
  readonly #watching: Promise<void>
  readonly #holds = new Map<string, HoldRecord>()
  /** Until the row was read nobody knows; intake cannot be paused. */
  #isPaused: boolean
  #isActive = false
  #isTakingOver = false
  /** Before nothing is stored: what stands there is to be found first. */
  #hasLooked = false
  #resumedAt: number | undefined
  #storedHolds = '[]'
  #storing: Promise<void> = Promise.resolve()
  #shown = ''
  #shownCauses: string[] = []
  #changed = Promise.withResolvers<void>()
  #looked = Promise.withResolvers<StoredLane>()

  constructor(options: LaneStateOptions) {
    this.#options = options
    this.#isPaused = options.isLane
    this.#watching = this.#watch()
  }

  get state(): 'standing by' | 'running' | 'paused' | 'held' {
    if (this.#isSilent) return 'standing by'
    if (this.#holds.size > 0) return 'held'
    if (this.#isTakingOver) return 'standing by'
    return this.#isPaused ? 'paused' : 'running'
  }

  /** Why the lane is held; nothing while somebody else has it. */
  get holds(): HoldRecord[] {
    return this.#isSilent ? [] : [...this.#holds.values()]
  }

  get #isSilent(): boolean {
    return !this.#isActive && !this.#isTakingOver
  }

  /** This process is to have the lane: what it waits for until then is told, and not that it runs. */
  takesOver(): void {
    this.#isTakingOver = !this.#isActive
    this.#tell()
  }

  /** Whether this process is the one whose state counts. */
  setActive(isActive: boolean): void {
    this.#isActive = isActive
    this.#isTakingOver = false
    // Somebody else may have left some in the row.
    this.#storedHolds = ''
    this.#tell()
    void this.#store()
  }

  /** Holds the lane for a cause, or lets go of it; null where it was not held for it changes nothing. */
  hold(key: string, hold: Omit<HoldRecord, 'since'> | null): void {
    if (hold === null) this.#holds.delete(key)
    else this.#holds.set(key, { ...hold, since: this.#holds.get(key)?.since ?? new Date().toISOString() })
    this.#tell()
    void this.#store()
  }

  /** Resolves once the lane is neither paused nor held. @throws the signal's reason */
  async pass(signal: AbortSignal): Promise<void> {
    while (this.state !== 'running') await orAborted(this.#changed.promise, signal)
  }

  /** The row at the next look. @throws the signal's reason */
  look(signal: AbortSignal): Promise<StoredLane> {
    return orAborted(this.#looked.promise, signal)
  }

  /** Resolves once it no longer watches. */
  async closed(): Promise<void> {
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { db, name, log, stop, onResume } = this.#options
    while (!stop.aborted) {
      try {
        const lane = await readLane(db, name)
        if (!this.#hasLooked) this.#options.onFound?.(lane.holds)
        this.#hasLooked = true
        const changedAt = lane.changedBy === NOBODY ? 0 : (lane.changedAt?.getTime() ?? 0)
        this.#isPaused = lane.state === 'paused'
        this.#tell()
        const isResumed = this.#resumedAt !== undefined && changedAt > this.#resumedAt && !this.#isPaused
        this.#resumedAt = changedAt
        if (isResumed) onResume()
        this.#looked.resolve(lane)
        this.#looked = Promise.withResolvers()
        await this.#store()
      } catch (error) {
        log.debug({ err: error }, 'lane state not readable')
      }
      await delay(POLL_MS, undefined, { signal: stop }).catch(() => undefined)
    }
  }

  /** One after the other, each what counts by then; what could not be stored is stored at the next look. */
  #store(): Promise<void> {
    this.#storing = this.#storing.then(async () => {
      const holds = JSON.stringify(this.holds)
      if (!this.#isActive || !this.#hasLooked || holds === this.#storedHolds) return
      try {
        await this.#options.storeHolds(this.holds)
        this.#storedHolds = holds
      } catch (error) {
        this.#options.log.debug({ code: toEnrichmentError(error).code }, 'holds not stored')
      }
    })
    return this.#storing
  }

  /** One log line per change, and the metrics. */
  #tell(): void {
    const { state, holds } = this
    const causes = holds.map(({ cause }) => cause).toSorted()
    const shown = `${state} ${causes}`
    if (shown === this.#shown) return
    this.#shown = shown
    const { isLane, log, name } = this.#options
    for (const cause of this.#shownCauses) metrics.laneHeld.remove({ cause })
    for (const cause of causes) metrics.laneHeld.set({ cause }, 1)
    this.#shownCauses = causes
    if (isLane)
      for (const one of ['running', 'paused', 'held'] as const)
        metrics.laneState.set({ state: one }, one === state ? 1 : 0)
    const what = isLane ? 'lane' : 'intake'
    if (state === 'held') log.error({ group: name, causes, holds }, `${what} held`)
    else log.info({ group: name }, `${what} ${state === 'standing by' ? 'stands by' : state}`)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
