import { EnrichmentError } from '../errors.ts'
import type { Database } from './database.ts'
import { FLOOD, type HoldRecord } from './hold-record.ts'
import { LANE_COLUMNS, type LaneAnswer, NOBODY, type StoredLane, toStoredLane } from './lane.ts'
import type { Query, Statement } from './prepared.ts'

const MAKE_ROW: Statement = {
  name: 'insert into lane',
  text: `
    insert into lane (name, state, changed_at, changed_by) values ($1, 'running', clock_timestamp(), '${NOBODY}')
    on conflict (name) do nothing`,
}
const LOCK_ROW: Statement<LaneAnswer & { fence: number }> = {
  name: 'select lane to take',
  text: `
    select fence::float8 as fence, ${LANE_COLUMNS}
    from lane where name = $1 for update`,
}
const TAKE_ROW: Statement = {
  name: 'update lane set fence',
  text: 'update lane set fence = $2, holds = $3::jsonb where name = $1',
}

/** Excludes whoever takes the row `for update`, and nobody else: what the owner counts in the row waits for no save. */
const GUARD: Statement = {
  name: 'select lane for key share',
  text: 'select 1 from lane where name = $1 and fence = $2 for key share',
}

// Each answers nothing once somebody else has the lane, or when the row's count of commits is not the one we left there.
const COUNT_COMMIT: Statement = {
  name: 'update lane set flush',
  text: 'update lane set flush = $3 where name = $1 and fence = $2 and flush = any($4::bigint[]) returning 1',
}
const STORE_OFFSETS: Statement = {
  name: 'update lane set offsets',
  text: `
    update lane set cluster_id = $3, offsets = $4::jsonb, accepted = case when $5 then '[]' else accepted end
    where name = $1 and fence = $2 and flush = $6 returning 1`,
}
const STORE_HOLDS: Statement = {
  name: 'update lane set holds',
  text: 'update lane set holds = $3::jsonb where name = $1 and fence = $2 returning 1',
}

/** What the lane's owner has come to. */
interface Standing {
  token: number
  clusterId: string
  /** The number of commits that the row was left with. */
  counted: number
  /** By topic. */
  committed: ReadonlyMap<string, bigint>
}

/**
 * The lane's row in PostgreSQL, for its owner, who knows its fencing token. Every save runs in a transaction that begins
 * with `guard`: a takeover locks the row for update, so it waits for saves that have begun and refuses all later ones. (A
 * check without the lock, or a `where exists`, lets the save of a process that was stopped in it land after the takeover.)
 *
 * Every method throws EnrichmentError LANE_LOST once the token is no longer the newest, and DATABASE_UNAVAILABLE.
 */
export class LeaseStore {
  readonly #db: Database
  readonly name: string

  constructor(db: Database, name: string) {
    this.#db = db
    this.name = name
  }

  /**
   * Takes the lane from whoever had it. The token is drawn from the clock, so that a restored database repeats none.
   *
   * @param onDrawn told of the new token and of the one that was found, before the transaction ends
   * @returns `former`: the token that was found
   */
  async take(
    onDrawn: (token: number, found: number) => void = () => undefined,
  ): Promise<{ token: number; former: number; lane: StoredLane }> {
    return this.#db.prepared(async (query) => {
      await query(MAKE_ROW, [this.name])
      const [row] = await query(LOCK_ROW, [this.name])
      // Somebody deletes rows while we are at it.
      if (row === undefined) throw new EnrichmentError('LANE_LOST', `the row of ${this.name} is gone`)
      const { fence: former, ...found } = row
      const token = Math.max(former + 1, Date.now())
      const holds = found.holds.filter(({ cause }) => cause === FLOOD)
      onDrawn(token, former)
      await query(TAKE_ROW, [this.name, token, JSON.stringify(holds)])
      return { former, token, lane: toStoredLane({ ...found, holds }) }
    })
  }

  /** Work that lands only under the newest token, in one transaction. */
  async save<T>(token: number, work: (query: Query) => Promise<T>): Promise<T> {
    return this.#db.prepared(async (query) => {
      const held = await query(GUARD, [this.name, token])
      if (held.length === 0) throw new EnrichmentError('LANE_LOST', `another process has taken ${this.name} over`)
      return work(query)
    })
  }

  /**
   * MUST be stored before the commit that bears the number: so Kafka is ahead only of a database that was put back. Put
   * back under our feet it may have our token and never our count: to count on would hide it, so the lane is lost then.
   */
  async countCommit({ token, counted }: Pick<Standing, 'token' | 'counted'>, commit: number): Promise<void> {
    // The new number too: what was stored and not answered is stored again.
    await this.#update(COUNT_COMMIT, token, [commit, [counted, commit]])
  }

  /** What was committed, and where; with it a start is over, and what was accepted for it no longer counts. */
  async storeOffsets({ token, clusterId, counted, committed }: Standing, isStart: boolean): Promise<void> {
    const asText = Object.fromEntries([...committed].map(([topic, offset]) => [topic, String(offset)]))
    await this.#update(STORE_OFFSETS, token, [clusterId, JSON.stringify(asText), isStart, counted])
  }

  async storeHolds(token: number, holds: HoldRecord[]): Promise<void> {
    await this.#update(STORE_HOLDS, token, [JSON.stringify(holds)])
  }

  async #update(statement: Statement, token: number, values: unknown[]): Promise<void> {
    const rows = await this.#db.run(statement, [this.name, token, ...values])
    if (rows.length > 0) return
    throw new EnrichmentError('LANE_LOST', `another process has taken ${this.name} over, or the database was put back`)
  }
}
