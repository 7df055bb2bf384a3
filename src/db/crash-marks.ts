import { LockMode } from '@mikro-orm/core'
import { EnrichmentError } from '../errors.ts'
import type { Database, EntityManager } from './database.ts'
import { CrashMark } from './entities/crash-mark.entity.ts'

/** Where a record stands. */
interface Place {
  topic: string
  partition: number
  offset: bigint
}

/** Deaths with a record in hand after which it is given up. One alone may be anybody's kill. */
const DEATHS_IN_HAND = 2
/** Behind a bad end so many records of a partition are marked: more than a process takes in before it has done any. */
const MARKED = 10_000
/** A partition whose records were compacted away may count on between two of them. */
const MOST_IN_HAND = 10_000

/**
 * Finds the record that kills the processes of a group before they can say of which they die. It outlives them in
 * PostgreSQL, and costs one statement for a takeover and one for a good end: only when a process has ended badly does
 * the next one mark what it is about to touch. Of those that were in hand at a second death each is touched alone, by
 * intake and worker after it was decoded apart, and the third death gives up the one that was in hand then. While
 * PostgreSQL is away nobody is suspected.
 */
export class CrashMarks {
  readonly #db: Database
  readonly #groupName: string
  readonly #processId: string
  /** By "topic/partition" how many records are still to be marked. */
  readonly #marked = new Map<string, number>()
  /** By "topic/partition" and offset in how many processes' hands a record was when they died; kept until it is done. */
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
    this.#marked.clear()
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

  /** How many of the records of one partition, from the first on, may be touched together. */
  countTogether(places: readonly Place[]): number {
    const suspect = places.findIndex((place) => this.isSuspect(place))
    return suspect === -1 ? places.length : Math.max(1, suspect)
  }

  /** Whether a process has died with the record in hand: whoever is to touch it sees apart whether it is deadly, before. */
  isSuspect(place: Place): boolean {
    return this.#deathsAt(place) > 0
  }

  /** The error of a record that must not be touched any more: CRASHED_DECODER; null for all others. */
  judge(place: Place): EnrichmentError | null {
    const deaths = this.#deathsAt(place)
    if (deaths < DEATHS_IN_HAND) return null
    const message = `${deaths + 1} processes in a row died at this record: see what it holds before you send it again`
    return new EnrichmentError('CRASHED_DECODER', message)
  }

  /**
   * Does what may be the death of the process to records of one partition, as many as `countTogether` allows: with a mark
   * while it does so, if the process before ended badly.
   *
   * @throws what it throws
   */
  async touch<T>(places: readonly Place[], work: () => Promise<T>): Promise<T> {
    const [first] = places
    if (first === undefined || !this.#marked.has(keyOf(first))) return work()
    // One at a time, as there is one mark.
    const touched = this.#touching.then(() => this.#touchMarked(first, places, work))
    this.#touching = touched.catch(() => undefined)
    return touched
  }

  async #touchMarked<T>(first: Place, places: readonly Place[], work: () => Promise<T>): Promise<T> {
    const left = (this.#marked.get(keyOf(first)) ?? 0) - places.length
    if (left > 0) this.#marked.set(keyOf(first), left)
    else this.#marked.delete(keyOf(first))
    const last = places.at(-1) ?? first
    await this.#orNobody(() => this.#mark(first, last))
    try {
      return await work()
    } finally {
      await this.#orNobody(() => this.#unmark(first))
    }
  }

  #deathsAt(place: Place): number {
    return this.#deadly.get(keyOf(place))?.[String(place.offset)] ?? 0
  }

  async #begin(places: Place[]): Promise<void> {
    const begun = await this.#db.transaction(async (em) => {
      const marks: CrashMark[] = []
      for (const place of places) marks.push(await this.#beginAt(em, place))
      return marks
    })
    for (const mark of begun) {
      const deadly = mark.deadly ?? {}
      if (mark.ends > 0 || Object.keys(deadly).length > 0) this.#marked.set(keyOf(mark), MARKED)
      this.#deadly.set(keyOf(mark), deadly)
    }
  }

  async #beginAt(em: EntityManager, { topic, partition, offset }: Place): Promise<CrashMark> {
    const key = { groupName: this.#groupName, topic, partition }
    const row = await em.findOne(CrashMark, key, { lockMode: LockMode.PESSIMISTIC_WRITE })
    const nobody = { offset, ends: 0, deaths: 0, processId: null, touched: null, touchedTo: null, deadly: null }
    const mark = row ?? em.create(CrashMark, { ...key, ...nobody })
    const hasEndedBadly = mark.processId !== null && mark.processId !== this.#processId
    const isStuck = BigInt(mark.offset) === offset
    const ends = (isStuck ? mark.ends : 0) + (hasEndedBadly ? 1 : 0)
    const counts = Object.entries(mark.deadly ?? {}).filter(([at]) => BigInt(at) >= offset)
    const deadly = Object.fromEntries(counts)
    const { touched, touchedTo } = mark
    if (hasEndedBadly && touched !== null && touched !== undefined) {
      const [from, to] = [BigInt(touched), BigInt(touchedTo ?? touched)]
      for (let at = from; at <= to && at < from + BigInt(MOST_IN_HAND); at += 1n)
        deadly[String(at)] = (deadly[String(at)] ?? 0) + 1
    }
    Object.assign(mark, { processId: this.#processId, offset, ends, touched: null, touchedTo: null, deadly })
    em.persist(mark)
    return mark
  }

  #mark(first: Place, last: Place): Promise<void> {
    return this.#update('touched = ?, touched_to = ?', [String(first.offset), String(last.offset)], first)
  }

  #unmark(first: Place): Promise<void> {
    return this.#update('touched = null, touched_to = null', [], first)
  }

  /** Not once another process has the partition: one that was stopped for long may still have a record in hand. */
  async #update(changes: string, values: unknown[], { topic, partition }: Place): Promise<void> {
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

const keyOf = ({ topic, partition }: Omit<Place, 'offset'>) => `${topic}/${partition}`
