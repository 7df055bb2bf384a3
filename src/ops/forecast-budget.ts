import { DAY_MS } from '../amazon-slots.ts'

/** What is left of an account's Amazon requests, and for how long. Times are ISO 8601. */
export interface Budget {
  perSecond: number
  perDay: number
  /** Share of the rate that is kept: below 1 after Amazon asked to slow down. */
  speed: number
  used: number
  remaining: number
  /** When the day is over; null when it is, and the next one begins with the next request. */
  resetsAt: string | null
  /** When the day's requests are spent if it goes on as it has; null when they last. */
  spentAt: string | null
  /**
   * When the albums that wait now are through, at one request each and at the speed of now; null when none waits, nobody
   * knows how many, or they do not get on.
   */
  backlogDoneAt: string | null
  /** Why the albums that wait do not get on; null when they do, none waits, or nobody knows. */
  backlogStoppedBy: string | null
}

/** An account as the database knows it. */
interface Account {
  perSecond?: number | null | undefined
  perDay?: number | null | undefined
  dayUsed: number
  dayEndsAt?: Date | null | undefined
  speed: number
}

/** Too little of a day to tell from what the rest will be. */
const SHORTEST_PAST_MS = 60_000

/**
 * @param waiting albums that have no result yet; null: not known
 * @param stoppedBy why they do not get on, in words; null when they do
 * @param now milliseconds since 1970
 * @returns null for an account that nothing was ever booked for
 */
export function forecastBudget(
  account: Account,
  waiting: number | null,
  stoppedBy: string | null,
  now: number,
): Budget | null {
  const { perSecond, perDay, dayUsed, dayEndsAt, speed } = account
  if (perSecond == null || perDay == null) return null
  const endsAt = dayEndsAt != null && dayEndsAt.getTime() > now ? dayEndsAt.getTime() : null
  const used = endsAt === null ? 0 : dayUsed
  const remaining = Math.max(0, perDay - used)
  return {
    perSecond,
    perDay,
    speed,
    used,
    remaining,
    resetsAt: toIso(endsAt),
    spentAt: toIso(endsAt === null ? null : findSpent(used, remaining, endsAt, now)),
    backlogDoneAt: toIso(
      waiting && stoppedBy === null
        ? findDone(waiting, remaining, { perSecond: perSecond * speed, perDay, endsAt }, now)
        : null,
    ),
    backlogStoppedBy: waiting ? stoppedBy : null,
  }
}

function findSpent(used: number, remaining: number, endsAt: number, now: number): number | null {
  const pastMs = now - (endsAt - DAY_MS)
  if (remaining === 0) return now
  if (used === 0 || pastMs < SHORTEST_PAST_MS) return null
  const spentAt = now + (remaining / used) * pastMs
  return spentAt < endsAt ? spentAt : null
}

function findDone(
  waiting: number,
  remaining: number,
  { perSecond, perDay, endsAt }: { perSecond: number; perDay: number; endsAt: number | null },
  now: number,
): number {
  const takesMs = (albums: number) => (albums / perSecond) * 1_000
  if (waiting <= remaining) return now + takesMs(waiting)
  const nextDay = Math.max(endsAt ?? now + DAY_MS, now + takesMs(remaining))
  const left = waiting - remaining
  const wholeDays = Math.ceil(left / perDay) - 1
  return nextDay + wholeDays * Math.max(DAY_MS, takesMs(perDay)) + takesMs(left - wholeDays * perDay)
}

function toIso(at: number | null): string | null {
  if (at === null) return null
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
