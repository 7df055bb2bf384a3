import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import { forgetAlbums } from '../db/forget.ts'
import { isAlbumId } from '../enrich/check-album.ts'
import { toEnrichmentError } from '../errors.ts'
import type { Delivery } from '../kafka/delivery.ts'
import type { Logger } from '../log.ts'
import { decideRetry } from '../retry/decide-retry.ts'
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

/** A tombstone has its quick tries, and no retry topic. */
const NO_RETRIES = { tiers: [], deadlineMs: 0 }

/**
 * Tombstones erase what their keys name, if that can be an album at all. One that cannot be heeded, also after quick tries,
 * becomes a dead letter alone: it would stop intake for ever.
 *
 * @throws EnrichmentError what is waited for (DATABASE_UNAVAILABLE, ...) or a person must mend (DATABASE_MISSING), which is no
 *   fault of theirs; the signal's reason
 */
export async function toForgotten(
  tombstones: Delivery[],
  forgetting: Forgetting,
  signal: AbortSignal,
): Promise<Outcome[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await forgetTogether(tombstones, forgetting)
    } catch (thrown) {
      const error = toEnrichmentError(thrown)
      const { code, retryAfterMs } = error
      const next = decideRetry({ code, retryAfterMs, tries, slowedMs: 0, attempt: 0, ageMs: 0 }, NO_RETRIES)
      if (next.kind === 'wait') throw error
      if (tombstones.length > 1) return await forgetHalves(tombstones, forgetting, signal)
      if (next.kind !== 'again') {
        const { dead, clock } = forgetting
        return tombstones.map((delivery) => giveUp(delivery, error, { dead, now: clock.now() }))
      }
      await delay(next.afterMs, undefined, { signal })
    }
  }
}

async function forgetHalves(tombstones: Delivery[], forgetting: Forgetting, signal: AbortSignal): Promise<Outcome[]> {
  const half = tombstones.length >> 1
  const earlier = await toForgotten(tombstones.slice(0, half), forgetting, signal)
  return [...earlier, ...(await toForgotten(tombstones.slice(half), forgetting, signal))]
}

async function forgetTogether(
  tombstones: Delivery[],
  { db, clock, tombstonesIn, log }: Forgetting,
): Promise<Outcome[]> {
  const albums = tombstones.flatMap(({ topic, partition, key, offset, timestamp }) => {
    const albumId = readAlbumId(key)
    return albumId === null ? [] : [{ albumId, tombstone: { topic, partition, offset, timestamp } }]
  })
  const forgotten = albums.length === 0 ? [] : await forgetAlbums(db, albums, { notBefore: clock.now(), tombstonesIn })
  for (const { forgottenAt } of forgotten) clock.pass(forgottenAt)
  const known = forgotten.filter(({ isKnown }) => isKnown)
  for (const album of known) log.info(album, 'album forgotten')
  const ids = new Set<string | null>(known.map(({ albumId }) => albumId))
  return tombstones.map((delivery) => {
    const albumId = readAlbumId(delivery.key)
    const result = albumId === null ? 'unusable' : ids.has(albumId) ? 'forgotten' : 'unknown'
    return { delivery, record: null, result }
  })
}

/** The album that a key names; null where it is none, or can be no album's id. */
function readAlbumId(key: Buffer | null): string | null {
  const id = key?.toString() ?? ''
  return isAlbumId(id) ? id : null
}
