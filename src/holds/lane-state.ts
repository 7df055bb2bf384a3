import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import type { HoldRecord } from '../db/hold-record.ts'
import { readLane, resumedAt, type StoredLane } from '../db/lane.ts'
import { toEnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { orAborted } from '../or-aborted.ts'

/** How soon a running process sees that a person paused or resumed the lane. */
const POLL_MS = 1_000

/** A hold that begins now, unless it says since when. */
export type NewHold = Omit<HoldRecord, 'since'> & Partial<Pick<HoldRecord, 'since'>>

export interface LaneStateOptions {
  db: Database
  /** The consumer group. */
  name: string
  /** Whether it is the lane itself, which has a metric of its own. */
  isLane: boolean
  log: Logger
  /** Ends the watching. */
  stop: AbortSignal
  /** Whether this process is the one whose state counts, or is about to be. Told of changes by `partChanged`. */
  part(): 'none' | 'taking over' | 'active'
  /** Keeps the holds where `status` reads them, in the place of those that were kept before. */
  storeHolds(holds: HoldRecord[], former: HoldRecord[]): Promise<void>
  /** A person said resume, and perhaps more, in the row. */
  onResume(row: StoredLane): void
}

/**
 * Whether a group's work goes on. A person may have paused it: that is a row in PostgreSQL and outlives restarts; while
 * PostgreSQL is away the last state known counts. The service may hold it, for causes of its own, of which each ends by
 * itself or when a person says resume. Somebody who stands by is neither running, paused nor held; somebody
 * who takes the lane over stands by as well, unless something holds that up.
 */
export class LaneState {
  readonly #options: LaneStateOptions
  #watching: Promise<void> = Promise.resolve()
  readonly #holds = new Map<string, HoldRecord>()
  /** Until the row was read nobody knows; intake cannot be paused. */
  #isPaused: boolean
  #resumedAt: number | undefined
  #seen: StoredLane | null = null
  /** null when others may have changed the row. */
  #storedHolds: HoldRecord[] | null = null
  #storing: Promise<void> = Promise.resolve()
  #shown = ''
  #shownCauses: string[] = []
  #changed = Promise.withResolvers<void>()
  #looked = Promise.withResolvers<StoredLane>()

  constructor(options: LaneStateOptions) {
    this.#options = options
    this.#isPaused = options.isLane
  }

  /** Begins to watch the row. */
  start(): void {
    this.#watching = this.#watch()
  }

  get state(): 'standing by' | 'running' | 'paused' | 'held' {
    if (this.holds.length > 0) return 'held'
    if (this.#options.part() !== 'active') return 'standing by'
    return this.#isPaused ? 'paused' : 'running'
  }

  /** Why the lane is held; nothing while somebody else has it. */
  get holds(): HoldRecord[] {
    return this.#options.part() === 'none' ? [] : [...this.#holds.values()]
  }

  /**
   * Whose state counts has changed, so others may have written to the row. What a takeover waits for is a hold already,
   * though the row is not ours to write to.
   */
  partChanged(): void {
    this.#storedHolds = null
    if (this.#options.stop.aborted) return
    this.#tell()
    void this.#store()
  }

  /** Holds the lane for a cause, or lets go of it; null where it was not held for it changes nothing. */
  hold(key: string, hold: NewHold | null): void {
    if (hold === null) this.#holds.delete(key)
    else {
      const since = this.#holds.get(key)?.since ?? hold.since ?? new Date().toISOString()
      this.#holds.set(key, { ...hold, since })
    }
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

  /** The row as it was last seen; the first time it waits for that. @throws the signal's reason */
  async lastSeen(signal: AbortSignal): Promise<StoredLane> {
    return this.#seen ?? this.look(signal)
  }

  /** Resolves once it no longer watches, and has stored, or could not store, what it was told last. */
  async closed(): Promise<void> {
    await this.#watching
    await this.#storing
  }

  async #watch(): Promise<void> {
    const { db, name, log, stop, onResume } = this.#options
    while (!stop.aborted) {
      try {
        const lane = await readLane(db, name)
        this.#seen = lane
        this.#isPaused = lane.state === 'paused'
        // A member that has just become active takes whatever it finds for what a dead one has left behind.
        if (!this.#options.isLane && this.#isMissingIn(lane.holds)) this.#storedHolds = []
        this.#tell()
        if (this.#isResumedBy(lane)) onResume(lane)
        this.#resumedAt = resumedAt(lane)
        this.#looked.resolve(lane)
        this.#looked = Promise.withResolvers()
        await this.#store()
      } catch (error) {
        log.debug({ err: error }, 'lane state not readable')
      }
      await delay(POLL_MS, undefined, { signal: stop }).catch(() => undefined)
    }
  }

  /** Another moment is enough, it need not be a later one: the database's clock may have been put back since. */
  #isResumedBy(lane: StoredLane): boolean {
    const at = resumedAt(lane)
    return this.#resumedAt !== undefined && at !== 0 && at !== this.#resumedAt
  }

  /** Whether the row lacks a hold that was stored. */
  #isMissingIn(found: HoldRecord[]): boolean {
    const causes = found.map(({ cause }) => cause)
    return this.#storedHolds?.some(({ cause }) => !causes.includes(cause)) ?? false
  }

  /** One after the other, each what counts by then; what could not be stored is stored at the next look. */
  #store(): Promise<void> {
    this.#storing = this.#storing.then(async () => {
      const { holds } = this
      if (this.#options.part() !== 'active' || JSON.stringify(holds) === JSON.stringify(this.#storedHolds)) return
      try {
        await this.#options.storeHolds(holds, this.#storedHolds ?? this.#seen?.holds ?? [])
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
    // A pause is told beside a hold: whoever ends the one must know of the other.
    if (this.#options.isLane)
      metrics.laneState.set({ state: 'paused' }, this.#options.part() === 'active' && this.#isPaused ? 1 : 0)
    const causes = holds.map(({ cause }) => cause).toSorted()
    const shown = `${state} ${causes}`
    if (shown === this.#shown) return
    this.#shown = shown
    const { isLane, log, name } = this.#options
    for (const cause of this.#shownCauses) metrics.laneHeld.remove({ cause })
    for (const cause of causes) metrics.laneHeld.set({ cause }, 1)
    this.#shownCauses = causes
    if (isLane)
      for (const one of ['running', 'held'] as const) metrics.laneState.set({ state: one }, one === state ? 1 : 0)
    const what = isLane ? 'lane' : 'intake'
    if (state === 'held') log.error({ group: name, causes, holds }, `${what} held`)
    else log.info({ group: name }, `${what} ${state === 'standing by' ? 'stands by' : state}`)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
