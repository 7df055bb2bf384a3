import { type Booking, DAY_MS, LONGEST_WAIT_MS, MOST_AHEAD, type Slots, SPEED } from '../amazon-slots.ts'
import type { Database } from './database.ts'
import type { Statement } from './prepared.ts'

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

/** Intervals by which the bookings of all who use an account may come to lie ahead: far more than anybody books. */
const FARTHEST = 100

/**
 * An account's moments for Amazon requests, kept in a row by PostgreSQL's clock, so that processes that follow one
 * another, or run side by side, keep one pace and spend one day's budget. `clock_timestamp()`, since `now()` stands still
 * within a transaction; and read behind the lock, since a booking may have to wait for another one.
 *
 * A day begins with its first request and lasts 24 hours: Amazon does not tell when its own begins.
 *
 * What lies further ahead than it could was written while the database's clock was ahead, and must not hold anybody until
 * it is reached: the day ends in 24 hours then, with what was spent in it, and the next moment is as after `hurry`.
 */
const BOOK: Statement<BookedRow> = {
  name: 'update quota',
  text: `
  with held as (select * from quota where account = $1 for update),
  known as (select held.*, clock_timestamp() as now from held),
  today as (
    select *, coalesce(day_ends_at <= now, true) as is_new,
      case when speed < 1 and (speed_changed_at <= now - interval '${SPEED.stepMs} milliseconds' or speed_changed_at > now)
        then least(1, speed + ${SPEED.step}) else speed end as new_speed
    from known),
  free as (
    select *, case when is_new then 0 else greatest(0, day_used - $2::int) end as used,
      least(case when not is_new then day_ends_at end, now + interval '${DAY_MS} milliseconds') as ends,
      interval '1 second' / ($3::float8 * new_speed) as gap
    from today),
  booked as (
    select *, greatest(0, least($4::int, $5::int - used)) as given,
      case when next_at > now + interval '${LONGEST_WAIT_MS} milliseconds' + ${FARTHEST} * gap then now + ${MOST_AHEAD} * gap
        else greatest(next_at, now) end as first
    from free)
  update quota set
    next_at = first + given * gap, day_used = used + given, day_ends_at = ends,
    speed = new_speed,
    speed_changed_at = case when new_speed = booked.speed then booked.speed_changed_at else now end,
    per_second = $3::float8, per_day = $5::int
  from booked where quota.account = booked.account
  returning given, extract(epoch from first)::float8 * 1000 as first_at, extract(epoch from gap)::float8 * 1000 as gap_ms,
    extract(epoch from clock_timestamp())::float8 * 1000 as now_at, quota.next_at::text as next_at,
    booked.next_at::text as after, quota.day_used, extract(epoch from ends)::float8 * 1000 as ends_at`,
}

const MAKE_QUOTA: Statement = {
  name: 'insert into quota',
  text: 'insert into quota (account, next_at) values ($1, clock_timestamp()) on conflict (account) do nothing',
}
const SLOW_DOWN: Statement = {
  name: 'insert into quota with speed',
  text: `
    insert into quota (account, next_at, speed, speed_changed_at)
    values ($1, clock_timestamp() + $2::interval, $3, clock_timestamp())
    on conflict (account) do update set next_at = greatest(quota.next_at, excluded.next_at),
      speed = greatest(${SPEED.least}, quota.speed * excluded.speed),
      speed_changed_at = clock_timestamp()`,
}
const HURRY: Statement = {
  name: 'update quota set next_at',
  text: `
    update quota set next_at = least(next_at, clock_timestamp() + interval '${MOST_AHEAD} seconds' / ($2::float8 * speed))
    where account = $1`,
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
    for (;;) {
      const [row] = await this.#db.run(BOOK, [this.#account, unused, this.#perSecond, count, this.#perDay])
      if (row !== undefined) return this.#toBooking(row)
      await this.#db.run(MAKE_QUOTA, [this.#account])
    }
  }

  async slowDown(forMs: number, isNew: boolean): Promise<void> {
    const speed = isNew ? SPEED.afterRefusal : 1
    await this.#db.run(SLOW_DOWN, [this.#account, `${forMs} milliseconds`, speed])
  }

  async hurry(): Promise<void> {
    await this.#db.run(HURRY, [this.#account, this.#perSecond])
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
