import { type Booking, DAY_MS, MOST_AHEAD, type Slots, SPEED } from '../amazon-slots.ts'
import type { Database } from './database.ts'
import type { Statement } from './prepared.ts'

/**
 * An account's moments for Amazon requests, kept in a row by PostgreSQL's clock, so that processes that follow one
 * another, or run side by side, keep one pace and spend one day's budget. `clock_timestamp()`, since `now()` stands still
 * within a transaction; and read behind the lock, since a booking may have to wait for another one.
 *
 * A day begins with its first request and lasts 24 hours: Amazon does not tell when its own begins.
 */
const BOOK = `
  with held as (select * from quota where account = ? for update),
  known as (select held.*, clock_timestamp() as now from held),
  today as (
    select *, coalesce(day_ends_at <= now, true) as is_new,
      case when speed < 1 and speed_changed_at <= now - interval '${SPEED.stepMs} milliseconds'
        then least(1, speed + ${SPEED.step}) else speed end as new_speed
    from known),
  free as (
    select *, case when is_new then 0 else greatest(0, day_used - ?) end as used,
      case when is_new then now + interval '${DAY_MS} milliseconds' else day_ends_at end as ends,
      interval '1 second' / (?::float8 * new_speed) as gap, greatest(next_at, now) as first
    from today),
  booked as (select *, greatest(0, least(?::int, ?::int - used)) as given from free)
  update quota set
    next_at = first + given * gap, day_used = used + given, day_ends_at = ends,
    speed = new_speed,
    speed_changed_at = case when new_speed = booked.speed then booked.speed_changed_at else now end,
    per_second = ?, per_day = ?
  from booked where quota.account = booked.account
  returning given, extract(epoch from first)::float8 * 1000 as first_at, extract(epoch from gap)::float8 * 1000 as gap_ms,
    extract(epoch from clock_timestamp())::float8 * 1000 as now_at, quota.next_at::text as next_at,
    booked.next_at::text as after, quota.day_used, extract(epoch from ends)::float8 * 1000 as ends_at`

interface BookedRow {
  given: number
  first_at: number
  gap_ms: number
  now_at: number
  next_at: string
  after: string
  day_used: number
  ends_at: number
}

/** Every method is one statement and throws EnrichmentError DATABASE_UNAVAILABLE while PostgreSQL is away. */
export class Quota implements Slots {
  readonly #db: Database
  readonly #account: string
  readonly #perSecond: number
  readonly #perDay: number

  /** @param account the credential id */
  constructor(db: Database, account: string, limits: { perSecond: number; perDay: number }) {
    this.#db = db
    this.#account = account
    this.#perSecond = limits.perSecond
    this.#perDay = limits.perDay
  }

  async book(count: number, unused: number): Promise<Booking> {
    const values = [this.#account, unused, this.#perSecond, count, this.#perDay, this.#perSecond, this.#perDay]
    for (;;) {
      const [row] = await this.#execute<BookedRow>(BOOK, values)
      if (row !== undefined) return this.#toBooking(row)
      await this.#execute(
        'insert into quota (account, next_at) values (?, clock_timestamp()) on conflict (account) do nothing',
        [this.#account],
      )
    }
  }

  async slowDown(forMs: number, isNew: boolean): Promise<void> {
    const speed = isNew ? SPEED.afterRefusal : 1
    await this.#execute(
      `insert into quota (account, next_at, speed, speed_changed_at)
       values (?, clock_timestamp() + ?::interval, ?, clock_timestamp())
       on conflict (account) do update set next_at = greatest(quota.next_at, excluded.next_at),
         speed = greatest(${SPEED.least}, quota.speed * excluded.speed),
         speed_changed_at = clock_timestamp()`,
      [this.#account, `${forMs} milliseconds`, speed],
    )
  }

  async hurry(): Promise<void> {
    await this.#execute(
      `update quota set next_at = least(next_at, clock_timestamp() + interval '${MOST_AHEAD} seconds' / (?::float8 * speed))
       where account = ?`,
      [this.#perSecond, this.#account],
    )
  }

  #toBooking(row: BookedRow): Booking {
    return {
      count: row.given,
      firstAt: row.first_at,
      intervalMs: row.gap_ms,
      now: row.now_at,
      nextAt: row.next_at,
      after: row.after,
      day: { remaining: Math.max(0, this.#perDay - row.day_used), resetsAt: row.ends_at },
    }
  }

  #execute<Row>(sql: string, values: unknown[]): Promise<Row[]> {
    return this.#db.query((em) => em.execute<Row[] & object[]>(sql, values))
  }
}

/** What is kept of an account that the rest of its day can be told from. */
interface KnownQuota {
  perSecond: number | null
  perDay: number | null
  dayUsed: number
  dayEndsAt: Date | null
  speed: number
}

const FIND_QUOTAS: Statement<Omit<KnownQuota, 'dayEndsAt'> & { endsMs: number | null }> = {
  name: 'select quotas',
  text: `
    select per_second as "perSecond", per_day as "perDay", day_used as "dayUsed", speed,
      (extract(epoch from day_ends_at) * 1000)::float8 as "endsMs"
    from quota order by next_at desc`,
}

/** What is known of the accounts that have been used, the latest first. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function readQuotas(db: Database): Promise<KnownQuota[]> {
  const rows = await db.run(FIND_QUOTAS, [])
  return rows.map(({ endsMs, ...rest }) => ({ ...rest, dayEndsAt: endsMs === null ? null : new Date(endsMs) }))
}
