import type { Database } from './database.ts'
import type { Statement } from './prepared.ts'
import { NO_REPEATS } from './repeat.ts'

const DISCARD_ONE: Statement = {
  name: 'insert into discarded_image one',
  text: 'insert into discarded_image (marketplace, key) values ($1, $2) on conflict do nothing',
}

/** For an image that was stored for an album which was forgotten meanwhile. @throws EnrichmentError DATABASE_UNAVAILABLE */
export async function discardImage(db: Database, marketplace: string, key: string): Promise<void> {
  await db.run(DISCARD_ONE, [marketplace, key])
}

/** By whichever marketplace it was discarded: all have one store. */
const CLAIM: Statement = {
  name: 'delete from discarded_image claimed',
  text: 'delete from discarded_image where key = $1',
}

/**
 * Keeps an image from being deleted that was found in the store and is about to be an album's. If it is being deleted now,
 * this waits for the end of that: the caller MUST look again whether it is there.
 *
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function claimImage(db: Database, key: string): Promise<void> {
  await db.run(CLAIM, [key])
}

const FIND_DISCARDED: Statement<{ key: string }> = {
  name: 'select discarded_image',
  text: 'select key from discarded_image where marketplace = $1 limit $2',
}
/** A store takes as long as it takes; ended in the middle, the transaction would let others find what is about to go. */
const BEAR_REMOVAL: Statement = {
  name: 'set idle_in_transaction_session_timeout',
  text: `select set_config('idle_in_transaction_session_timeout', '2min', true)`,
}
/** Whoever wants it from now on waits for the transaction, and so for the file. */
const END_DISCARDED: Statement<{ is_needed: boolean }> = {
  name: 'delete from discarded_image',
  text: `
    delete from discarded_image d where marketplace = $1 and key = $2
    returning exists (select from artwork a where a.key = d.key)
      or exists (select from former_image f where f.key = d.key) as is_needed`,
}

/**
 * Takes images that were discarded to their end, some at once; one that an album has, or had, is left.
 *
 * @param remove deletes what stands under an original's key
 * @returns how many were looked at
 * @throws what `remove` throws: it is tried again with the next call
 */
export async function endDiscarded(
  db: Database,
  marketplace: string,
  remove: (key: string) => Promise<void>,
  most: number,
): Promise<number> {
  const rows = await db.run(FIND_DISCARDED, [marketplace, most])
  for (const { key } of rows)
    await db.prepared(async (query) => {
      await query(BEAR_REMOVAL, [])
      const [discarded] = await query(END_DISCARDED, [marketplace, key])
      if (discarded?.is_needed === false) await remove(key)
    }, NO_REPEATS)
  return rows.length
}
