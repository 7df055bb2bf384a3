import { Disk } from 'flydrive'
import { EnrichmentError } from '../errors.ts'
import { orAborted } from '../or-aborted.ts'
import { AtomicFsDriver } from './atomic-fs-driver.ts'

/** Where files are kept under keys such as `artwork/ab/abcd.../original.jpg`. */
export interface ObjectStore {
  /**
   * Keeps the bytes. Keys name their content by its hash, so a key that exists has these bytes already and is left alone.
   *
   * @param contentType media type, for stores that serve what they keep
   * @returns whether it existed
   * @throws EnrichmentError STORE_UNAVAILABLE
   */
  put(key: string, bytes: Uint8Array, contentType: string): Promise<boolean>
  /**
   * Deletes what stands under a folder's name, if anything does.
   *
   * @throws EnrichmentError STORE_UNAVAILABLE, also where the store itself is not there
   */
  removeAll(folder: string): Promise<void>
  /** @throws EnrichmentError STORE_UNAVAILABLE */
  exists(key: string): Promise<boolean>
}

/** A store that hangs (a network folder whose server is gone) must not hold an album, and the lane behind it, for ever. */
const TIMEOUT_MS = 20_000

/**
 * Opens an object store; touches nothing until it is used.
 *
 * @param location path of a local folder, which need not exist yet
 * @param timeoutMs for each look or file
 */
export function createObjectStore(location: string, timeoutMs = TIMEOUT_MS): ObjectStore {
  const disk = new Disk(new AtomicFsDriver(location))

  const exists = (key: string) => guard(`look for ${key}`, () => disk.exists(key))
  return {
    exists,
    removeAll: (folder) => guard(`delete ${folder}`, () => disk.deleteAll(folder)),
    async put(key, bytes, contentType) {
      if (await exists(key)) return true
      await guard(`keep ${key}`, () => disk.put(key, bytes, { contentType }))
      return false
    },
  }

  async function guard<T>(what: string, action: () => Promise<T>): Promise<T> {
    try {
      return await orAborted(action(), AbortSignal.timeout(timeoutMs))
    } catch (cause) {
      throw new EnrichmentError(
        'STORE_UNAVAILABLE',
        `The artwork store could not ${what}: ${reasonOf(cause)}. Check that ${location} exists, is writable and has room.`,
        { cause },
      )
    }
  }
}

/** flydrive's own messages repeat the key; the reason (no space, no permission) is in the cause. */
function reasonOf(thrown: unknown): string {
  const innermost = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  return innermost instanceof Error ? innermost.message : String(innermost)
}
