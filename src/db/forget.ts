import { toTime } from '../iso-time.ts'
import type { Database } from './database.ts'
import { REMEMBER, REMEMBER_REPEATED, type RememberedRow } from './forgotten.ts'
import type { Statement } from './prepared.ts'
import { LOCK_TIMED_OUT, REPEATS, type Repeats } from './repeat.ts'
import { INSERT_TOMBSTONES } from './tombstones.ts'

/** An album to be forgotten. */
export interface ToForget {
  albumId: string
  /** The tombstone that says so, and its record's time in milliseconds since 1970; absent: a command does. */
  tombstone?: { topic: string; partition: number; offset: bigint; timestamp: number }
}

/** What was known of an album, in rows. */
export interface Forgotten {
  albumId: string
  /** Milliseconds since 1970; requests that were made until then are skipped. */
  forgottenAt: number
  isKnown: boolean
  requests: number
  candidates: number
  links: number
  verdicts: number
  /** Stored originals, former ones too, by marketplace; the worker deletes them soon. */
  images: number
}

const takes = 'json_array_elements_text($1::json)'
/** Albums that may be forgotten together: all lanes' saves wait meanwhile, some tenths of a second for so many. */
export const MOST_AT_ONCE = 100

const deleteFrom = (table: string) => `delete from ${table} where album_id in (select ${takes}) returning album_id`

/** While it waits for one lane it has those before it in hand: so it lets go of them soon, and begins anew. */
const WAIT_BRIEFLY: Statement = {
  name: 'set lock_timeout',
  text: `select set_config('lock_timeout', '500ms', true)`,
}
/** As long as others wait for a lock, together. */
const PATIENCE: Repeats = { ...REPEATS, [LOCK_TIMED_OUT]: 9 }

/** Every save of a worker shares its lane's row, so whoever has them all writes between the saves, and not beside one. */
const HOLD_LANES: Statement = { name: 'select lane for update', text: 'select from lane order by name for update' }

/** A person's verdict shares its album's row: it is stored before the album is forgotten, and erased, or refused. */
const HOLD_ALBUMS: Statement = {
  name: 'select album for update',
  text: `select from album where album_id in (select ${takes}) order by album_id for update`,
}

/**
 * Each lane heeds each tombstone for itself, late ones long after the others, and anybody may move offsets back. One that
 * was heeded before erases what is left of before it, as a late lane has stored it since, and nothing that was imported
 * behind it. What is not known to have been heeded, as before these columns were there, erases all the same, unless what is
 * stored is later by offset and time: the offset alone tells nothing, since a topic that was made anew counts from zero.
 */
const JUDGE: Statement<{ album_id: string; is_repeated: boolean; is_behind: boolean }> = {
  name: 'select album to forget',
  text: `
    with judged as (
      select v.album_id, a.source_offset > v."offset" as is_behind, a.imported_at > v.at as is_later,
        (f.tombstone_topic, f.tombstone_partition) = (v.topic, v.partition) and v."offset" <= f.tombstone_offset
          and v.at <= f.tombstone_at as is_repeated
      from json_to_recordset($1::json) as v(album_id text, topic text, partition int, "offset" bigint, at timestamptz)
      left join album a on a.album_id = v.album_id
      left join forgotten f on f.album_id = v.album_id)
    select album_id, coalesce(is_repeated, false) as is_repeated, coalesce(is_behind, false) as is_behind from judged
    where is_repeated or (is_behind and is_later) is not true`,
}

const DISCARD: Statement<{ album_id: string }> = {
  name: 'insert into discarded_image',
  text: `
    with artworks as (${deleteFrom('artwork')}, marketplace, key),
    former as (${deleteFrom('former_image')}, marketplace, key),
    gone as (select * from artworks where key is not null union select * from former),
    discarded as (
      insert into discarded_image (marketplace, key) select distinct marketplace, key from gone on conflict do nothing)
    select album_id from gone`,
}

const DELETIONS = {
  requests: 'enrichment',
  candidates: 'candidate',
  links: 'external_link',
  verdicts: 'person_verdict',
  waiting: 'outbox',
  modelCalls: 'model_call',
  facts: 'album',
}

/**
 * Erases all that is stored of albums, in one transaction, and remembers that requests made until now are to be skipped:
 * one that is in the air finds its row gone when it saves, and one that waits is not taken up. Safe to repeat.
 *
 * @param albums MOST_AT_ONCE of them, at most
 * @param options `notBefore`: when the caller made requests last, in milliseconds since 1970; absent: it makes none.
 *   `tombstonesIn`: the topic of results, where each of them gets a tombstone through the outbox; absent: none
 * @returns what was known of those that were forgotten
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function forgetAlbums(
  db: Database,
  albums: readonly ToForget[],
  { notBefore, tombstonesIn }: { notBefore?: number; tombstonesIn?: string | undefined } = {},
): Promise<Forgotten[]> {
  return db.prepared(async (query) => {
    await query(WAIT_BRIEFLY, [])
    await query(HOLD_LANES, [])
    await query(HOLD_ALBUMS, [JSON.stringify(albums.map(({ albumId }) => albumId))])
    const rows = new Map(albums.map((album) => [album.albumId, toRow(album)]))
    const judged = await query(JUDGE, [JSON.stringify([...rows.values()])])
    const remember = (statement: typeof REMEMBER, which: boolean) => {
      const some = judged.filter(({ is_repeated }) => is_repeated === which).map(({ album_id }) => rows.get(album_id))
      return query(statement, [JSON.stringify(some), notBefore ?? null])
    }
    const remembered = [...(await remember(REMEMBER, false)), ...(await remember(REMEMBER_REPEATED, true))]
    const times = new Map(remembered.map(({ album_id, at }) => [album_id, at]))
    const ids = judged
      .filter(({ is_repeated, is_behind }) => !(is_repeated && is_behind))
      .map(({ album_id }) => album_id)
    const values = [JSON.stringify(ids)]
    const count = (rows: { album_id: string }[]) => {
      const counts = new Map<string, number>()
      for (const { album_id } of rows) counts.set(album_id, (counts.get(album_id) ?? 0) + 1)
      return counts
    }
    const images = count(await query(DISCARD, values))
    const deleted: Record<string, Map<string, number>> = {}
    for (const [what, table] of Object.entries(DELETIONS)) {
      // A name of its own: others delete from some of them too, on the same connections.
      const statement: Statement<{ album_id: string }> = { name: `forget ${table}`, text: deleteFrom(table) }
      deleted[what] = count(await query(statement, values))
    }
    if (tombstonesIn !== undefined) await query(INSERT_TOMBSTONES, [...values, tombstonesIn])
    const of = (what: keyof typeof DELETIONS, albumId: string) => deleted[what]?.get(albumId) ?? 0
    return ids.map((albumId) => ({
      albumId,
      forgottenAt: times.get(albumId) ?? 0,
      isKnown: of('facts', albumId) > 0,
      requests: of('requests', albumId),
      candidates: of('candidates', albumId),
      links: of('links', albumId),
      verdicts: of('verdicts', albumId),
      images: images.get(albumId) ?? 0,
    }))
  }, PATIENCE)
}

function toRow({ albumId, tombstone }: ToForget): RememberedRow {
  if (tombstone === undefined) return { album_id: albumId }
  const { topic, partition, offset, timestamp } = tombstone
  return { album_id: albumId, topic, partition, offset: String(offset), at: toTime(timestamp) }
}
