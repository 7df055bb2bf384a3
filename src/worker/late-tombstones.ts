import type { Database } from '../db/database.ts'
import { buryPublished } from '../db/tombstones.ts'
import { toEnrichmentError } from '../errors.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { orAborted } from '../or-aborted.ts'
import type { Publication } from './request/publications.ts'

const EVERY_MS = 1_000

/** What the last asking may take of the time for a stop. */
const LAST_MS = 1_000

/**
 * Sees that no result stands behind the tombstone of its album: whatever was published is asked about within a second, or
 * when the process stops, and gets another tombstone where the album was forgotten meanwhile. What a process published in
 * the second before it died, or while PostgreSQL was away as it stopped, goes unasked.
 */
export class LateTombstones {
  readonly #topic: string
  readonly #db: Database
  readonly #log: Logger
  readonly #published = new Set<string>()
  #burying: Promise<void> = Promise.resolve()

  /** @param topic of results */
  constructor(topic: string, { db, log }: { db: Database; log: Logger }) {
    this.#topic = topic
    this.#db = db
    this.#log = log
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
  keep(stop: AbortSignal): Promise<void> {
    return keepDoing(EVERY_MS, () => this.#bury(), this.#onFailed, stop)
  }

  /** Asks about what was published last, behind which nothing is published any more. Within a second; never rejects. */
  async close(): Promise<void> {
    await orAborted(this.#bury(), AbortSignal.timeout(LAST_MS)).catch(this.#onFailed)
  }

  /** One round at a time: what one could not ask about is left to the next. */
  #bury(): Promise<void> {
    this.#burying = this.#burying.catch(() => undefined).then(() => this.#askAll())
    return this.#burying
  }

  async #askAll(): Promise<void> {
    const albumIds = [...this.#published]
    if (albumIds.length === 0) return
    // Before they are asked about: what is published meanwhile is asked about in the next round.
    this.#published.clear()
    try {
      await buryPublished(this.#db, albumIds, this.#topic)
    } catch (error) {
      for (const albumId of albumIds) this.#published.add(albumId)
      throw error
    }
  }

  readonly #onFailed = (error: unknown) => {
    const { code, message } = toEnrichmentError(error)
    this.#log.warn({ code, reason: message }, 'tombstones not looked after')
  }
}
