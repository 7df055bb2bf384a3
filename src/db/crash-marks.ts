import { EnrichmentError } from '../errors.ts'
import { type Database, type EntityManager, LockMode } from './database.ts'
import { CrashMark } from './entities/crash-mark.entity.ts'

/** Where a record stands. */
interface Place {
  topic: string
  partition: number
  offset: bigint
}

/** Bad ends after which each record is looked at alone. */
const SUSPICIOUS_ENDS = 1
/** Deaths with one record in hand after which that is given up; one alone may be anybody's kill. */
const DEATHS_IN_HAND = 2
/** So many records are looked at alone, which is as many as a process has in hand at once. */
const RECORDS_ALONE = 1_000

/**
 * Finds the record that kills the processes of a group before they can say of which they die. It outlives them in
 * PostgreSQL, and costs one statement for a takeover and one for a good end: only when a process has ended badly does
 * the next one mark each record before it touches it, and the third death, the second with that record alone in hand,
 * gives it up. While PostgreSQL is away nobody is suspected.
 */
export class CrashMarks {
  readonly #db: Database
  readonly #groupName: string
  readonly #processId: string
  /** By "topic/partition" how many records are still looked at alone. */
  readonly #alone = new Map<string, number>()
  /** By "topic/partition" and offset in how many processes' hands a record was when they died. */
  readonly #deadly = new Map<string, Record<string, number>>()
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
    this.#deadly.clear()
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
    const deaths = this.#deadly.get(key)?.[String(place.offset)] ?? 0
    if (deaths >= DEATHS_IN_HAND) {
      const ends = SUSPICIOUS_ENDS + deaths
      const message = `${ends} processes in a row died at this record: see what it holds before you send it again`
      throw new EnrichmentError('CRASHED_DECODER', message)
    }
    await this.#orNobody(() => this.#mark(place))
    try {
      return await work()
    } finally {
      await this.#orNobody(() => this.#unmark(place))
    }
  }

  async #begin(places: Place[]): Promise<void> {
    const begun = await this.#db.transaction(async (em) => {
      const marks: CrashMark[] = []
      for (const place of places) marks.push(await this.#beginAt(em, place))
      return marks
    })
    for (const { topic, partition, ends, deadly } of begun) {
      const isSuspect = ends >= SUSPICIOUS_ENDS || Object.keys(deadly ?? {}).length > 0
      if (isSuspect) this.#alone.set(`${topic}/${partition}`, RECORDS_ALONE)
      this.#deadly.set(`${topic}/${partition}`, deadly ?? {})
    }
  }

  async #beginAt(em: EntityManager, { topic, partition, offset }: Place): Promise<CrashMark> {
    const key = { groupName: this.#groupName, topic, partition }
    const row = await em.findOne(CrashMark, key, { lockMode: LockMode.PESSIMISTIC_WRITE })
    const nobody = { offset, ends: 0, deaths: 0, processId: null, touched: null, deadly: null }
    const mark = row ?? em.create(CrashMark, { ...key, ...nobody })
    const hasEndedBadly = mark.processId !== null && mark.processId !== this.#processId
    const isStuck = BigInt(mark.offset) === offset
    const ends = (isStuck ? mark.ends : 0) + (hasEndedBadly ? 1 : 0)
    const counts = Object.entries(mark.deadly ?? {}).filter(([at]) => BigInt(at) >= offset)
    const deadly = Object.fromEntries(counts)
    if (hasEndedBadly && mark.touched !== null) {
      const at = String(mark.touched)
      deadly[at] = (deadly[at] ?? 0) + 1
    }
    Object.assign(mark, { processId: this.#processId, offset, ends, touched: null, deadly })
    em.persist(mark)
    return mark
  }

  #mark({ topic, partition, offset }: Place): Promise<void> {
    return this.#update('touched = ?', [String(offset)], topic, partition)
  }

  /** Whoever lives on has not died of it. */
  #unmark({ topic, partition, offset }: Place): Promise<void> {
    return this.#update('touched = null, deadly = deadly - ?::text', [String(offset)], topic, partition)
  }

  /** Not once another process has the partition: one that was stopped for long may still have a record in hand. */
  async #update(changes: string, values: unknown[], topic: string, partition: number): Promise<void> {
    const ours = 'group_name = ? and topic = ? and partition = ? and process_id = ?'
    const key = [this.#groupName, topic, partition, this.#processId]
    await this.#db.query((em) => em.execute(`update crash_mark set ${changes} where ${ours}`, [...values, ...key]))
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
