const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59Z')

/** Whether a number of milliseconds since 1970 lies in the years 1 to 9999: beyond them nobody can have meant it. */
export const isTime = (ms: number): boolean => ms >= FIRST && ms <= LAST

/**
 * A time as ISO text that PostgreSQL and our headers take too. A record's own time is its producer's word, and Kafka takes
 * negative numbers and microseconds: what can be no time counts as the beginning of 1970, so that a tombstone's says
 * nothing, and its offset alone decides.
 *
 * @param ms milliseconds since 1970, or anything else
 */
export function toTime(ms: number): string {
  return new Date(isTime(ms) ? ms : 0).toISOString()
}
