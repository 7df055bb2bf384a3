import type { Database } from '../db/database.ts'
import { forgetAlbums } from '../db/forget.ts'
import { isAlbumId } from '../enrich/check-album.ts'
import { isToBeMended, toEnrichmentError } from '../errors.ts'
import type { Delivery } from '../kafka/delivery.ts'
import type { Logger } from '../log.ts'
import { isOutage } from '../retry/decide-retry.ts'
import type { RequestClock } from './request-clock.ts'
import { giveUp, type Outcome } from './to-request.ts'

export interface Forgetting {
  db: Database
  clock: RequestClock
  /** The dead-letter topic. */
  dead: string
  /** The topic of results, where each forgotten album gets a tombstone; absent: none. */
  tombstonesIn: string | undefined
  log: Logger
}

/**
 * Tombstones erase what their keys name, if that can be an album at all. One that cannot be heeded becomes a dead letter
 * alone: it would stop intake for ever.
 *
 * @throws EnrichmentError what passes (DATABASE_UNAVAILABLE, ...) or a person must mend (DATABASE_MISSING): no fault of theirs
 */
export async function toForgotten(tombstones: Delivery[], forgetting: Forgetting): Promise<Outcome[]> {
  try {
    return await forgetTogether(tombstones, forgetting)
  } catch (thrown) {
    const error = toEnrichmentError(thrown)
    if (isOutage(error.code) || isToBeMended(error.code)) throw error
    if (tombstones.length === 1)
      return tombstones.map((delivery) =>
        giveUp(delivery, error, { dead: forgetting.dead, now: forgetting.clock.now() }),
      )
    const half = tombstones.length >> 1
    const earlier = await toForgotten(tombstones.slice(0, half), forgetting)
    return [...earlier, ...(await toForgotten(tombstones.slice(half), forgetting))]
  }
}

async function forgetTogether(
  tombstones: Delivery[],
  { db, clock, tombstonesIn, log }: Forgetting,
): Promise<Outcome[]> {
  const albums = tombstones.flatMap(({ key, offset, timestamp }) => {
    const albumId = key?.toString() ?? ''
    return isAlbumId(albumId) ? [{ albumId, tombstone: { offset, timestamp } }] : []
  })
  const forgotten = albums.length === 0 ? [] : await forgetAlbums(db, albums, { notBefore: clock.now(), tombstonesIn })
  for (const { forgottenAt } of forgotten) clock.pass(forgottenAt)
  const known = forgotten.filter(({ isKnown }) => isKnown)
  for (const album of known) log.info(album, 'album forgotten')
  const ids = new Set<string | undefined>(known.map(({ albumId }) => albumId))
  return tombstones.map((delivery) => ({ delivery, record: null, isForgotten: ids.has(delivery.key?.toString()) }))
}
