import type { Database } from './database.ts'

/** A booked moment for one Amazon request. */
export interface Slot {
  /** How long from now until it may be used, milliseconds; 0 or less: at once. */
  waitMs: number
  /** Identity of the booking while nobody has booked after it. */
  nextAt: string
}

/**
 * An account's moments for Amazon requests, kept in a row by PostgreSQL's clock, so that processes that follow one
 * another, or run side by side, keep one pace. `clock_timestamp()`, since `now()` stands still within a transaction.
 *
 * Every method is one statement and throws EnrichmentError DATABASE_UNAVAILABLE while PostgreSQL is away.
 */
export class Quota {
  readonly #db: Database
  readonly #account: string
  readonly #interval: string

  /** @param account the credential id */
  constructor(db: Database, account: string, requestsPerSecond: number) {
    this.#db = db
    this.#account = account
    this.#interval = `${1_000 / requestsPerSecond} milliseconds`
  }

  /** Books the next free moment. */
  async book(): Promise<Slot> {
    const [row] = await this.#execute<{ next_at: string; wait_ms: number }>(
      `insert into quota (account, next_at) values (?, clock_timestamp() + ?::interval)
       on conflict (account) do update set next_at = greatest(quota.next_at, clock_timestamp()) + ?::interval
       returning next_at::text as next_at,
         extract(epoch from next_at - ?::interval - clock_timestamp())::float8 * 1000 as wait_ms`,
      [this.#account, this.#interval, this.#interval, this.#interval],
    )
    return { waitMs: Number(row?.wait_ms ?? 0), nextAt: row?.next_at ?? '' }
  }

  /** Moves a booking that was not used in time to now; null when somebody has booked behind it. */
  async moveToNow(nextAt: string): Promise<string | null> {
    const [row] = await this.#execute<{ next_at: string }>(
      `update quota set next_at = clock_timestamp() + ?::interval where account = ? and next_at = ?::timestamptz
       returning next_at::text as next_at`,
      [this.#interval, this.#account, nextAt],
    )
    return row?.next_at ?? null
  }

  /** Lets nobody send for so many milliseconds. */
  async hold(forMs: number): Promise<void> {
    await this.#execute(
      `insert into quota (account, next_at) values (?, clock_timestamp() + ?::interval)
       on conflict (account) do update set next_at = greatest(quota.next_at, excluded.next_at)`,
      [this.#account, `${forMs} milliseconds`],
    )
  }

  #execute<Row>(sql: string, values: unknown[]): Promise<Row[]> {
    return this.#db.query((em) => em.execute<Row[] & object[]>(sql, values))
  }
}
