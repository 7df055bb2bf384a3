import type { Database } from './database.ts'
import type { Statement } from './prepared.ts'

/**
 * A request whose time is not later than that at which its album was forgotten is skipped. So that this tells what was asked
 * for before from what was asked for after, whoever's clock is wrong, both times are PostgreSQL's: commands ask it, and intake
 * follows it. Times that somebody else's clock told, ahead of it, are stored all the same. So an album is forgotten later
 * than any was before, than the requests that are stored of it, and than intake has made any; and requests are made later than
 * all that was forgotten by then. What is ahead by more than a day (a wrong time zone is not) is a fault, and moves no clock.
 */
const MOST_AHEAD = `clock_timestamp() + interval '1 day'`
const LAST = `(select max(forgotten_at) from forgotten where forgotten_at < ${MOST_AHEAD})`

/** Exact: multiplied before it is made a float. */
const millisecondsOf = (time: string) => `(extract(epoch from ${time}) * 1000)::float8`

/** Takes ids as JSON, and before which time, in milliseconds since 1970, none of them was forgotten, or null. */
export const REMEMBER: Statement<{ album_id: string; at: number }> = {
  name: 'insert into forgotten',
  text: `
    insert into forgotten (album_id, forgotten_at)
    select id, greatest(clock_timestamp(), ${LAST} + interval '1 ms', to_timestamp($2::float8 / 1000),
      (select max(requested_at) from enrichment where album_id = id and requested_at < ${MOST_AHEAD}))
    from json_array_elements_text($1::json) as id
    on conflict (album_id) do update set forgotten_at = case when forgotten.forgotten_at < ${MOST_AHEAD}
      then greatest(forgotten.forgotten_at, excluded.forgotten_at) else excluded.forgotten_at end
    returning album_id, ${millisecondsOf('forgotten_at')} as at`,
}

/** In milliseconds since 1970, fractions included. */
export interface RequestTimes {
  /** By PostgreSQL's clock. */
  now: number
  /** When an album was forgotten last; a request that is made now is later. 0: none ever was. */
  lastForgottenAt: number
}

const READ_TIMES: Statement<RequestTimes> = {
  name: 'select clock_timestamp',
  text: `
    select ${millisecondsOf('clock_timestamp()')} as now, coalesce(${millisecondsOf(LAST)}, 0) as "lastForgottenAt"`,
}

/** Between which a request is made now. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function readRequestTimes(db: Database): Promise<RequestTimes> {
  const [times] = await db.run(READ_TIMES, [])
  if (times === undefined) throw new RangeError('PostgreSQL tells no time')
  return times
}

/**
 * When a request is made that is made now, in milliseconds since 1970. To be asked for before the album is read: if it is
 * forgotten in between, the request is skipped.
 *
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function timeRequest(db: Database): Promise<number> {
  const { now, lastForgottenAt } = await readRequestTimes(db)
  return Math.max(Math.floor(now), Math.floor(lastForgottenAt) + 1)
}

const IS_FORGOTTEN: Statement = {
  name: 'select forgotten',
  text: `
    select from forgotten where album_id = $1 and not exists (select from enrichment where request_id = $2::uuid)`,
}

/** Whether a request's row is gone because its album was forgotten. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function isForgotten(db: Database, albumId: string, requestId: string): Promise<boolean> {
  return (await db.run(IS_FORGOTTEN, [albumId, requestId])).length > 0
}

const FIND_FORGOTTEN: Statement<{ album_id: string; at: number }> = {
  name: 'select forgotten by album',
  text: `
    select album_id, ${millisecondsOf('forgotten_at')} as at from forgotten
    where album_id in (select json_array_elements_text($1::json))`,
}

/** When albums were forgotten, by id, in milliseconds since 1970. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function findForgotten(db: Database, albumIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.run(FIND_FORGOTTEN, [JSON.stringify(albumIds)])
  return new Map(rows.map(({ album_id, at }) => [album_id, at]))
}
