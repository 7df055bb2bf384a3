import type { Album, EnrichmentRequested } from '../events.ts'
import { toTime } from '../iso-time.ts'
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

/** By when the caller of the statements below has made requests, and those of `v.album_id` that are stored were made. */
const LAST_ASKED = `greatest(to_timestamp($2::float8 / 1000),
      (select max(requested_at) from enrichment where album_id = v.album_id and requested_at < ${MOST_AHEAD}))`

/** Exact: multiplied before it is made a float. */
const millisecondsOf = (time: string) => `(extract(epoch from ${time}) * 1000)::float8`

/** An album to be remembered as forgotten, and the tombstone that said so; absent: none did. */
export interface RememberedRow {
  album_id: string
  topic?: string
  partition?: number
  /** Decimal. */
  offset?: string
  /** The tombstone's own time. */
  at?: string
}

/** Takes rows (RememberedRow), and before which time, in milliseconds since 1970, none of them was forgotten, or null. */
export const REMEMBER: Statement<{ album_id: string; at: number }> = {
  name: 'insert into forgotten',
  text: `
    insert into forgotten (album_id, forgotten_at, tombstone_topic, tombstone_partition, tombstone_offset, tombstone_at)
    select v.album_id, greatest(clock_timestamp(), ${LAST} + interval '1 ms', ${LAST_ASKED}),
      v.topic, v.partition, v."offset", v.at
    from json_to_recordset($1::json) as v(album_id text, topic text, partition int, "offset" bigint, at timestamptz)
    on conflict (album_id) do update
    set forgotten_at = case when forgotten.forgotten_at < ${MOST_AHEAD}
        then greatest(forgotten.forgotten_at, excluded.forgotten_at) else excluded.forgotten_at end,
      tombstone_topic = coalesce(excluded.tombstone_topic, forgotten.tombstone_topic),
      tombstone_partition = coalesce(excluded.tombstone_partition, forgotten.tombstone_partition),
      tombstone_offset = coalesce(excluded.tombstone_offset, forgotten.tombstone_offset),
      tombstone_at = coalesce(excluded.tombstone_at, forgotten.tombstone_at)
    returning album_id, ${millisecondsOf('forgotten_at')} as at`,
}

/**
 * Remembers that tombstones were read again, which moves no `forgotten_at`: what other lanes were asked for since, of an
 * import behind the tombstone, counts. Takes `{album_id}`, and when the caller made requests last, or null.
 */
export const REMEMBER_REPEATED: Statement<{ album_id: string; at: number }> = {
  name: 'update forgotten set repeated_at',
  text: `
    update forgotten f set repeated_at = greatest(f.repeated_at, clock_timestamp(), ${LAST_ASKED})
    from json_to_recordset($1::json) as v(album_id text)
    where f.album_id = v.album_id
    returning f.album_id, ${millisecondsOf('f.forgotten_at')} as at`,
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

/**
 * Whether a request is from before its album was forgotten: the row `v` has its album_id, requested_at, and source_topic,
 * source_partition and source_offset, null where no record of album.imported asked for it.
 *
 * Each lane reads a tombstone for itself. A late one may have made requests, long after the tombstone was heeded, of what was
 * imported before it: they are told by their source, up to when the tombstone was read again. One without a source is of
 * what was known of the album: nothing, unless it was imported behind the tombstone. One value by the key: of an `exists`
 * PostgreSQL would make a join with the whole table.
 */
export const IS_OF_FORGOTTEN = `coalesce((
      select f.forgotten_at >= v.requested_at or f.repeated_at >= v.requested_at
        and case when v.source_offset is null
          then not exists (select from album b where b.album_id = v.album_id and b.source_offset > f.tombstone_offset)
          else v.source_topic = f.tombstone_topic and v.source_partition = f.tombstone_partition
            and v.source_offset < f.tombstone_offset end
      from forgotten f where f.album_id = v.album_id), false)`

/** Of a request, what tells whether its album was forgotten since. */
export type Asked = Pick<EnrichmentRequested, 'requestedAt' | 'source'> & { album: Pick<Album, 'albumId'> }

/** The same as columns of the row that IS_OF_FORGOTTEN is about. */
export interface AskedRow {
  album_id: string
  requested_at: string
  source_topic: string | null
  source_partition: number | null
  source_offset: number | null
}

/** How a statement reads an AskedRow of JSON. */
export const ASKED_COLUMNS =
  'album_id text, requested_at timestamptz, source_topic text, source_partition int, source_offset bigint'

export function toAskedRow({ album: { albumId }, requestedAt, source }: Asked): AskedRow {
  return {
    album_id: albumId,
    // What was asked for at no time that can be is from before whatever was forgotten.
    requested_at: toTime(requestedAt),
    source_topic: source?.topic ?? null,
    source_partition: source?.partition ?? null,
    source_offset: source?.offset ?? null,
  }
}

const FIND_FORGOTTEN: Statement<{ n: number }> = {
  name: 'select forgotten by request',
  text: `
    select v.n from json_to_recordset($1::json) as v(n int, ${ASKED_COLUMNS}) where ${IS_OF_FORGOTTEN}`,
}

/** Those of these requests that are from before their albums were forgotten. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function findForgotten<T extends Asked>(db: Database, requests: readonly T[]): Promise<Set<T>> {
  const rows = await db.run(FIND_FORGOTTEN, [JSON.stringify(requests.map((one, n) => ({ n, ...toAskedRow(one) })))])
  const found = new Set(rows.map(({ n }) => n))
  return new Set(requests.filter((_, n) => found.has(n)))
}
