import { EnrichmentError } from '../errors.ts'
import { orAborted } from '../or-aborted.ts'
import { type Database, type EntityManager, LockMode } from './database.ts'
import { FLOOD, type HoldRecord, LaneRow } from './entities/lane.entity.ts'
import type { Query, Statement } from './prepared.ts'

/** A lane as PostgreSQL remembers it. */
export interface StoredLane {
  state: LaneRow['state']
  changedAt: Date | null
  changedBy: string | null
  clusterId: string | null
  flush: number
  offsets: Record<string, bigint>
  holds: HoldRecord[]
  accepted: string[]
}

/** Who made a row that no person has changed yet. */
export const NOBODY = 'service'

const NEVER_RUN: StoredLane = {
  state: 'running',
  changedAt: null,
  changedBy: null,
  clusterId: null,
  flush: 0,
  offsets: {},
  holds: [],
  accepted: [],
}

const GUARD: Statement = {
  name: 'select lane for share',
  text: 'select 1 from lane where name = $1 and fence = $2 for share',
}

/**
 * @param name the consumer group; one that nobody ever paused is running
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function readLane(db: Database, name: string): Promise<StoredLane> {
  const row = await db.query((em) => em.findOne(LaneRow, { name }))
  return row === null ? NEVER_RUN : toStoredLane(row)
}

function toStoredLane({ offsets, clusterId, ...row }: LaneRow): StoredLane {
  const asBigint = Object.entries(offsets).map(([topic, offset]) => [topic, BigInt(offset)] as const)
  return { ...row, clusterId: clusterId ?? null, offsets: Object.fromEntries(asBigint) }
}

/** When a person last said resume, in milliseconds since 1970; 0 when nobody has, or the lane is paused. */
export function resumedAt({ state, changedAt, changedBy }: StoredLane): number {
  return state === 'paused' || changedBy === NOBODY ? 0 : (changedAt?.getTime() ?? 0)
}

/**
 * What a person wants of the lanes. A resume also accepts the causes for which they are held, if asked to.
 *
 * @param changedBy who, for the next person to ask
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function setLaneState(
  db: Database,
  names: string[],
  { state, accept, changedBy }: { state: LaneRow['state']; accept: boolean; changedBy: string },
): Promise<void> {
  await db.transaction(async (em) => {
    for (const name of names) {
      await em.execute(
        `insert into lane (name, state, changed_at, changed_by) values (?, ?, clock_timestamp(), ?)
         on conflict (name) do update
         set state = excluded.state, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
        [name, state, changedBy],
      )
      if (!accept) continue
      await em.execute(
        // What was accepted before stays so until the lane has started, or two causes would take turns for ever.
        `update lane set accepted = (
           select coalesce(jsonb_agg(distinct cause), '[]')
           from (
             select hold -> 'cause' as cause from jsonb_array_elements(holds) hold
             union select earlier from jsonb_array_elements(accepted) earlier
           ) causes)
         where name = ?`,
        [name],
      )
    }
  })
}

/**
 * Stores why a member holds its group, without a fence: for one whose members share the work. What the others hold it
 * for stays.
 *
 * @param former what this member is known to have stored
 */
export async function storeHolds(db: Database, name: string, holds: HoldRecord[], former: HoldRecord[]): Promise<void> {
  const causes = [...former, ...holds].map(({ cause }) => cause)
  await db.query((em) =>
    em.execute(
      `insert into lane (name, state, changed_at, changed_by, holds) values (?, 'running', clock_timestamp(), '${NOBODY}', ?::jsonb)
       on conflict (name) do update set holds = (
         select coalesce(jsonb_agg(other), '[]') from jsonb_array_elements(lane.holds) other
         where not ?::jsonb @> (other -> 'cause')) || excluded.holds`,
      [name, JSON.stringify(holds), JSON.stringify(causes)],
    ),
  )
}

/**
 * The lane in PostgreSQL in the hands of one owner. Every save runs in a transaction that begins with `guard`: a takeover
 * is an update of the row, so it waits for saves that have begun and refuses all later ones. (A check without the lock,
 * or a `where exists`, lets the save of a process that was stopped in it land after the takeover.)
 *
 * Every method throws EnrichmentError LANE_LOST once somebody else has taken over, and DATABASE_UNAVAILABLE.
 */
export class OwnedLane {
  readonly #db: Database
  readonly name: string
  readonly #onTaken: (lane: StoredLane) => void
  /** The owner's fence; 0 before the first takeover. */
  fence = 0
  /** The count of commits as we left it in the row. */
  #flush = 0
  /** A fence of ours whose start is not over, and the one before it. */
  #unfinished: { fence: number; formerFence: number } | null = null
  /** While it is not known whether the work in hand goes on; null when it does. */
  #unsettled: PromiseWithResolvers<void> | null = null
  /** Aborted by `unsettle`. */
  #doubt = new AbortController()

  /** @param onTaken told at a takeover of the row as it was found, before anything can be stored over it */
  constructor(db: Database, name: string, onTaken: (lane: StoredLane) => void = () => undefined) {
    this.#db = db
    this.name = name
    this.#onTaken = onTaken
  }

  /**
   * Takes the lane from whoever had it. The fence is drawn from the clock, so that a restored database repeats none.
   *
   * @returns `formerFence`: of whoever had it before, which is not a start of ours that failed
   */
  async takeOver(): Promise<{ formerFence: number; lane: StoredLane }> {
    const taken = await this.#db.transaction(async (em) => {
      await em.execute(
        `insert into lane (name, state, changed_at, changed_by) values (?, 'running', clock_timestamp(), '${NOBODY}')
         on conflict (name) do nothing`,
        [this.name],
      )
      const row = await em.findOneOrFail(LaneRow, { name: this.name }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      const formerFence = row.fence === this.#unfinished?.fence ? this.#unfinished.formerFence : row.fence
      row.fence = Math.max(row.fence + 1, Date.now())
      row.holds = row.holds.filter(({ cause }) => cause === FLOOD)
      // Before the commit, whose answer may be lost.
      this.#unfinished = { fence: row.fence, formerFence }
      return { formerFence, fence: row.fence, lane: toStoredLane(row) }
    })
    this.#onTaken(taken.lane)
    this.fence = taken.fence
    this.#flush = taken.lane.flush
    return taken
  }

  /** Lets saves wait until `settle`: until it is known whether their work goes on. */
  unsettle(): void {
    this.#unsettled ??= Promise.withResolvers()
    this.#doubt.abort()
  }

  /** Whether it is known that the work in hand goes on. */
  get isSettled(): boolean {
    return this.#unsettled === null
  }

  /** Resolves once it is. @throws the signal's reason */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.#unsettled !== null) await orAborted(this.#unsettled.promise, signal)
  }

  /** A start is over. */
  settle(): void {
    this.#unfinished = null
    this.#unsettled?.resolve()
    this.#unsettled = null
    if (this.#doubt.signal.aborted) this.#doubt = new AbortController()
  }

  /**
   * Runs something that may have to wait for the database, but only while it is known that its work goes on: when that
   * comes into doubt it is told to stop waiting, and run again after `settle`. Whoever waited for the database and for
   * `settle` at once could keep the takeover from its turn, and `settle` from ever coming.
   *
   * @throws what it throws; the signal's reason
   */
  async whileSettled<T>(run: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      await this.settled(signal)
      const doubt = this.#doubt.signal
      try {
        return await run(AbortSignal.any([signal, doubt]))
      } catch (error) {
        signal.throwIfAborted()
        if (!doubt.aborted || error !== doubt.reason) throw error
      }
    }
  }

  /**
   * Work that lands only while the lane is ours, in one transaction.
   *
   * @throws the signal's reason as well
   */
  async save<T>(signal: AbortSignal, work: (em: EntityManager) => Promise<T>): Promise<T> {
    await this.settled(signal)
    signal.throwIfAborted()
    return this.#guarded(work)
  }

  /** The same in the course of a start, before work is let go on. */
  async saveAtStart<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.#guarded(work)
  }

  /** The same with prepared statements. It does not wait: to be called only while the lane is settled. */
  async savePrepared<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const { fence } = this
    return this.#db.prepared(async (query) => {
      this.#demandHeld(await query(GUARD, [this.name, fence]))
      return work(query)
    })
  }

  async #guarded<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    const { fence } = this
    return this.#db.transaction(async (em) => {
      const guard = 'select 1 from lane where name = ? and fence = ? for share'
      this.#demandHeld(await em.execute<object[]>(guard, [this.name, fence]))
      return work(em)
    })
  }

  #demandHeld(held: object[]): void {
    if (held.length === 0) throw new EnrichmentError('LANE_LOST', `another process has taken ${this.name} over`)
  }

  /**
   * MUST be stored before the commit that bears the number: so Kafka is ahead only of a database that was put back. Put
   * back under our feet it may have our fence and never our count: to count on would hide it, so the lane is lost then.
   */
  async storeFlush(flush: number): Promise<void> {
    // The new number too: what was stored and not answered is stored again.
    await this.#update('flush = ?', [flush], [this.#flush, flush])
    this.#flush = flush
  }

  /** What was committed, and where; with it a start is over, and what was accepted for it no longer counts. */
  async storeOffsets(clusterId: string, offsets: ReadonlyMap<string, bigint>, isStart: boolean): Promise<void> {
    const asText = Object.fromEntries([...offsets].map(([topic, offset]) => [topic, String(offset)]))
    const accepted = isStart ? ", accepted = '[]'" : ''
    const values = [clusterId, JSON.stringify(asText)]
    await this.#update(`cluster_id = ?, offsets = ?::jsonb${accepted}`, values, [this.#flush])
  }

  async storeHolds(holds: HoldRecord[]): Promise<void> {
    await this.#update('holds = ?::jsonb', [JSON.stringify(holds)])
  }

  /** @param counts what the row's count of commits may be; absent: whatever it is */
  async #update(assignments: string, values: unknown[], counts?: number[]): Promise<void> {
    const isOurs = counts === undefined ? '' : ` and flush in (${counts.map(() => '?')})`
    const rows = await this.#db.query((em) =>
      em.execute<object[]>(`update lane set ${assignments} where name = ? and fence = ?${isOurs} returning 1`, [
        ...values,
        this.name,
        this.fence,
        ...(counts ?? []),
      ]),
    )
    if (rows.length > 0) return
    throw new EnrichmentError('LANE_LOST', `another process has taken ${this.name} over, or the database was put back`)
  }
}
