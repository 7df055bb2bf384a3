import type { Database } from '../db/database.ts'
import type { Statement } from '../db/prepared.ts'

const FIND_HANDLED: Statement<{ id: string; markedMs: number }> = {
  name: 'select dead letters handled',
  text: `
    select partition || ':' || "offset" as id, (extract(epoch from marked_at) * 1000)::float8 as "markedMs"
    from dead_letter_mark where topic = $1 and is_sent`,
}

/** What somebody has handled of a dead-letter topic, and when. */
export class HandledLetters {
  /** By "partition:offset" when it was marked, in milliseconds since 1970. */
  readonly #markedAt: ReadonlyMap<string, number>

  private constructor(markedAt: ReadonlyMap<string, number>) {
    this.#markedAt = markedAt
  }

  /** @throws EnrichmentError DATABASE_UNAVAILABLE */
  static async read(db: Database, topic: string): Promise<HandledLetters> {
    const marks = await db.run(FIND_HANDLED, [topic])
    return new HandledLetters(new Map(marks.map(({ id, markedMs }) => [id, markedMs])))
  }

  /**
   * Whether the mark is this record's. Offsets begin anew with a topic that was deleted, or on another cluster: what is
   * younger than the mark at its offset is another letter.
   *
   * @param id "partition:offset"
   * @param timestamp the record's, in milliseconds since 1970
   */
  has(id: string, timestamp: number): boolean {
    const markedAt = this.#markedAt.get(id)
    return markedAt !== undefined && timestamp <= markedAt
  }
}

/** When a letter is marked: never before its own time, whatever this machine's clock says. */
export const markTime = (timestamp: number): Date => new Date(Math.max(Date.now(), timestamp))
