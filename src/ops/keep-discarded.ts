import { dirname } from 'node:path/posix'
import type { Database } from '../db/database.ts'
import { endDiscarded } from '../db/discarded-images.ts'
import { toEnrichmentError } from '../errors.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import type { ObjectStore } from '../storage/object-store.ts'

const EVERY_MS = 10_000
const IMAGES_AT_ONCE = 100

/**
 * Deletes images whose albums were forgotten, original and variants; by the worker, since it has the store.
 *
 * @returns when the signal is aborted
 */
export async function keepDiscardedImagesDeleted(
  { db, store, log }: { db: Database; store: ObjectStore; log: Logger },
  marketplace: string,
  stop: AbortSignal,
): Promise<void> {
  // All sizes of an image stand in a folder of their own.
  const remove = (key: string) => store.removeAll(dirname(key))
  const removeAll = async () => {
    while (!stop.aborted && (await endDiscarded(db, marketplace, remove, IMAGES_AT_ONCE)) === IMAGES_AT_ONCE);
  }
  const onFailed = (error: unknown) => {
    const { code, message } = toEnrichmentError(error)
    log.warn({ code, reason: message }, 'images not deleted')
  }
  await keepDoing(EVERY_MS, removeAll, onFailed, stop)
}
