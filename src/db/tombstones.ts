import type { Database } from './database.ts'
import type { Statement } from './prepared.ts'

const insertFor = (albums: string) => `
  insert into outbox (request_id, topic, album_id, value, created_at)
  select gen_random_uuid(), $2, album_id, '', clock_timestamp() from (${albums}) as albums`

/** Takes ids as JSON, and a topic. A row without a value is sent as a tombstone. */
export const INSERT_TOMBSTONES: Statement = {
  name: 'insert tombstones into outbox',
  text: insertFor('select json_array_elements_text($1::json) as album_id'),
}

const INSERT_LATE: Statement = {
  name: 'insert late tombstones into outbox',
  text: insertFor(`
    select album_id from forgotten f
    where album_id in (select json_array_elements_text($1::json))
      and not exists (select from enrichment e where e.album_id = f.album_id)`),
}

/**
 * Tombstones for those of these albums whose result was on its way while they were forgotten: it may stand behind the
 * first tombstone.
 *
 * @param albumIds whose results were just published
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function buryPublished(db: Database, albumIds: readonly string[], topic: string): Promise<void> {
  await db.run(INSERT_LATE, [JSON.stringify(albumIds), topic])
}
