import type { Database } from '../db/database.ts'
import { buryPublished } from '../db/tombstones.ts'
import { toEnrichmentError } from '../errors.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import type { Publication } from './request/publications.ts'

const EVERY_MS = 1_000

/**
 * Sees that no result stands behind the tombstone of its album: whatever was published is asked about within a second, and
 * gets another tombstone where the album was forgotten meanwhile. What a process published in its last second goes unasked.
 */
export class LateTombstones {
  readonly #topic: string
  readonly #published = new Set<string>()

  /** @param topic of results */
  constructor(topic: string) {
    this.#topic = topic
  }

  /** The same publication, whose albums are asked about once it is committed. */
  watch({ records, report }: Publication): Publication {
    const albumIds = records.filter(({ topic }) => topic === this.#topic).map(({ key }) => String(key))
    return {
      records,
      report: () => {
        report()
        for (const albumId of albumIds) this.#published.add(albumId)
      },
    }
  }

  /** @returns when the signal is aborted */
  async keep({ db, log }: { db: Database; log: Logger }, stop: AbortSignal): Promise<void> {
    const bury = async () => {
      const albumIds = [...this.#published]
      if (albumIds.length === 0) return
      // Before they are asked about: what is published meanwhile is asked about in the next round.
      this.#published.clear()
      try {
        await buryPublished(db, albumIds, this.#topic)
      } catch (error) {
        for (const albumId of albumIds) this.#published.add(albumId)
        throw error
      }
    }
    const onFailed = (error: unknown) => {
      const { code, message } = toEnrichmentError(error)
      log.warn({ code, reason: message }, 'tombstones not looked after')
    }
    await keepDoing(EVERY_MS, bury, onFailed, stop)
  }
}
