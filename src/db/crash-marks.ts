import { EnrichmentError } from '../errors.ts'
import { type Database, LockMode } from './database.ts'
import { CrashMark } from './entities/crash-mark.entity.ts'

/** Where a record stands. */
interface Place {
  topic: string
  partition: number
  offset: bigint
}

/** Bad ends without progress after which each record is looked at alone. */
const SUSPICIOUS_ENDS = 2
/** So many records are, which is more than a process has in hand at once. */
const RECORDS_ALONE = 2_000

/**
 * Finds the record that kills the processes of a group before they can say of which they die. It outlives them in
 * PostgreSQL, and costs one statement for a takeover and one for a good end: only when two processes in a row have ended
 * badly without any progress does the next one mark each record before it touches it, and the third death gives that
 * record up. While PostgreSQL is away nobody is suspected.
 */
export class CrashMarks {
  readonly #db: Database
  readonly #groupName: string
  readonly #processId: string
  /** By "topic/partition" how many records are still looked at alone. */
  readonly #alone = new Map<string, number>()
  #touching: Promise<unknown> = Promise.resolve()

  /** @param processId tells this process from those before it */
  constructor(db: Database, groupName: string, processId: string) {
    this.#db = db
    this.#groupName = groupName
    this.#processId = processId
  }

  /** To be called at each takeover, before anything is read; with nothing, it is called off. */
  async takeOver(places: Place[]): Promise<void> {
    this.#alone.clear()
    await this.#orNobody(() => this.#begin(places))
  }

  /** This process has let go of all that it had, and did not die. */
  async leave(): Promise<void> {
    await this.#orNobody(() =>
      this.#db.query((em) =>
        em.execute('update crash_mark set process_id = null where group_name = ? and process_id = ?', [
          this.#groupName,
          this.#processId,
        ]),
      ),
    )
  }

  /** Whether records of the partition are looked at one at a time. */
  isSuspect({ topic, partition }: Omit<Place, 'offset'>): boolean {
    return this.#alone.has(`${topic}/${partition}`)
  }

  /**
   * Does what may be the death of the process, with a mark while it does so if the partition is suspect.
   *
   * @throws EnrichmentError CRASHED_DECODER in the place of the third death, or what it throws
   */
  async touch<T>(place: Place, work: () => Promise<T>): Promise<T> {
    if (!this.isSuspect(place)) return work()
    // One at a time, as there is one mark.
    const touched = this.#touching.then(() => this.#touchAlone(place, work))
    this.#touching = touched.catch(() => undefined)
    return touched
  }

  async #touchAlone<T>(place: Place, work: () => Promise<T>): Promise<T> {
    const key = `${place.topic}/${place.partition}`
    const left = this.#alone.get(key) ?? 0
    if (left <= 1) this.#alone.delete(key)
    else this.#alone.set(key, left - 1)
    const deaths = (await this.#orNobody(() => this.#mark(place))) ?? 0
    try {
      if (deaths > 0) {
        const ends = SUSPICIOUS_ENDS + deaths
        const message = `${ends} processes in a row died at this record: see what it holds before you send it again`
        throw new EnrichmentError('CRASHED_DECODER', message)
      }
      return await work()
    } finally {
      await this.#orNobody(() => this.#unmark(place))
    }
  }

  async #begin(places: Place[]): Promise<void> {
    const suspects = await this.#db.transaction(async (em) => {
      const found: string[] = []
      for (const { topic, partition, offset } of places) {
        const key = { groupName: this.#groupName, topic, partition }
        const row = await em.findOne(CrashMark, key, { lockMode: LockMode.PESSIMISTIC_WRITE })
        const mark = row ?? em.create(CrashMark, { ...key, offset, ends: 0, deaths: 0, processId: null, touched: null })
        const hasEndedBadly = mark.processId !== null && mark.processId !== this.#processId
        const isStuck = BigInt(mark.offset) === offset
        const ends = isStuck ? mark.ends + (hasEndedBadly ? 1 : 0) : 0
        Object.assign(mark, { processId: this.#processId, offset, ends })
        em.persist(mark)
        if (ends >= SUSPICIOUS_ENDS) found.push(`${topic}/${partition}`)
      }
      return found
    })
    for (const key of suspects) this.#alone.set(key, RECORDS_ALONE)
  }

  /** @returns how many processes died with this record in hand */
  async #mark({ topic, partition, offset }: Place): Promise<number> {
    const [row] = await this.#db.query((em) =>
      em.execute<{ deaths: number }[]>(
        `update crash_mark set deaths = case when touched = ? then deaths + 1 else 0 end, touched = ?
         where group_name = ? and topic = ? and partition = ? returning deaths`,
        [String(offset), String(offset), this.#groupName, topic, partition],
      ),
    )
    return row?.deaths ?? 0
  }

  async #unmark({ topic, partition }: Place): Promise<void> {
    await this.#db.query((em) =>
      em.execute('update crash_mark set touched = null where group_name = ? and topic = ? and partition = ?', [
        this.#groupName,
        topic,
        partition,
      ]),
    )
  }

  /** Nothing waits for PostgreSQL here: what cannot be marked is not suspected. */
  async #orNobody<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof EnrichmentError && error.code.startsWith('DATABASE_')) return undefined
      throw error
    }
  }
}
