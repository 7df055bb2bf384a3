import type { Database } from '../db/database.ts'
import type { Statement } from '../db/prepared.ts'

const FIND_HANDLED: Statement<{ id: string; markedMs: number }> = {
  name: 'select dead letters handled',
  text: `
    select partition || ':' || "offset" as id, (extract(epoch from marked_at) * 1000)::float8 as "markedMs"
    from dead_letter_mark where topic = $1 and is_sent`,
}
/** By their key: marks are many where letters are many, and of those that wait few are marked. */
const FIND_HANDLED_OF: Statement<{ id: string; markedMs: number }> = {
  name: 'select dead letters handled of some',
  text: `
    select m.partition || ':' || m."offset" as id, (extract(epoch from marked_at) * 1000)::float8 as "markedMs"
    from json_array_elements_text($2::json) as id
    join dead_letter_mark m on m.topic = $1 and m.partition = split_part(id, ':', 1)::int
      and m."offset" = split_part(id, ':', 2)::bigint and m.is_sent`,
}
const DELETE_BELOW: Statement = {
  name: 'delete from dead_letter_mark',
  text: 'delete from dead_letter_mark where topic = $1 and partition = $2 and "offset" < $3',
}

/** What somebody has handled of a dead-letter topic, and when. */
export class HandledLetters {
  /** By "partition:offset" when it was marked, in milliseconds since 1970. */
  readonly #markedAt: ReadonlyMap<string, number>

  private constructor(markedAt: ReadonlyMap<string, number>) {
    this.#markedAt = markedAt
  }

  /**
   * @param ids "partition:offset" of the letters that are asked about; absent: all
   * @throws EnrichmentError DATABASE_UNAVAILABLE
   */
  static async read(db: Database, topic: string, ids?: string[]): Promise<HandledLetters> {
    const asked = ids && JSON.stringify(ids)
    const marks = await (asked === undefined ? db.run(FIND_HANDLED, [topic]) : db.run(FIND_HANDLED_OF, [topic, asked]))
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

/**
 * Deletes the marks of letters that are in the topic no more.
 *
 * @param low the partition's first offset
 * @throws EnrichmentError DATABASE_UNAVAILABLE
 */
export async function deleteMarksBelow(db: Database, topic: string, partition: number, low: bigint): Promise<void> {
  await db.run(DELETE_BELOW, [topic, partition, low])
}

/** When a letter is marked: never before its own time, whatever this machine's clock says. */
export const markTime = (timestamp: number): Date => new Date(Math.max(Date.now(), timestamp))
