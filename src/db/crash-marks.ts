import { EnrichmentError } from '../errors.ts'
import type { Database } from './database.ts'
import type { Statement } from './prepared.ts'

/** Where a record stands. */
interface Place {
  topic: string
  partition: number
  offset: bigint
}

/** Where a partition is taken over. */
interface Taken extends Place {
  /** See readTopicId; null where it is not known. */
  topicId?: string | null
}

/** Deaths with a record in hand after which it is given up. One alone may be anybody's kill. */
const DEATHS_IN_HAND = 2
/** After an unclean exit so many records of a partition are marked: more than a process ever has in hand. */
const MARKED = 10_000
/** Bounds the loop over offsets of which compaction may have left few. */
const MOST_IN_HAND = 10_000

/** Where a group stood in a partition. */
interface Remembered {
  offset: bigint
  /** Whether it was not left: then it may have come further. */
  isOpen: boolean
  /** Of the topic at the takeover; null where it is not known. */
  topicId: string | null
}

/** What is known of a partition; offsets are decimal. */
interface MarkRow {
  topic: string
  partition: number
  process_id: string | null
  offset: string
  ends: number
  touched: string | null
  touched_to: string | null
  deadly: Record<string, number> | null
}

type TakenAt = Pick<MarkRow, 'topic' | 'partition' | 'offset'> & { topic_id: string | null }
type TakenRow = TakenAt & Pick<MarkRow, 'ends'> & { deadly: Record<string, number> }

const LOCK_MARKS: Statement<MarkRow> = {
  name: 'select crash_mark for update',
  text: `
    select topic, partition, process_id, "offset"::text as "offset", ends, touched::text as touched,
      touched_to::text as touched_to, deadly
    from crash_mark
    where group_name = $1 and (topic, partition) in (
      select topic, partition from json_to_recordset($2::json) as v(topic text, partition int))
    order by topic, partition for update`,
}
const TAKE_MARKS: Statement = {
  name: 'insert into crash_mark',
  text: `
    insert into crash_mark (group_name, process_id, topic, topic_id, partition, "offset", ends, deadly, deaths)
    select $1, $2, topic, topic_id, partition, "offset", ends, deadly, 0
    from json_to_recordset($3::json)
      as v(topic text, topic_id text, partition int, "offset" bigint, ends int, deadly jsonb)
    order by topic, partition
    on conflict (group_name, topic, partition) do update
    set process_id = excluded.process_id, "offset" = excluded."offset", ends = excluded.ends, touched = null,
      touched_to = null, deadly = excluded.deadly, topic_id = excluded.topic_id`,
}
/** Not once another process has the partition: one that was stopped for long may still have a record in hand. */
const TOUCH: Statement = {
  name: 'update crash_mark set touched',
  text: `
    update crash_mark set touched = $5, touched_to = $6
    where group_name = $1 and topic = $2 and partition = $3 and process_id = $4`,
}
const LEAVE: Statement = {
  name: 'update crash_mark set process_id',
  text: 'update crash_mark set process_id = null where group_name = $1 and process_id = $2',
}
/** Where it stood; ends that were counted there count on. */
const LEAVE_ONE: Statement = {
  name: 'update crash_mark set offset',
  text: `
    update crash_mark set process_id = null, "offset" = $5, ends = case when "offset" = $5 then ends else 0 end
    where group_name = $1 and process_id = $2 and topic = $3 and partition = $4`,
}
const REMEMBERED: Statement<Omit<Remembered, 'offset'> & { offset: string }> = {
  name: 'select offset of crash_mark',
  text: `
    select "offset"::text as "offset", process_id is not null as "isOpen", topic_id as "topicId"
    from crash_mark where group_name = $1 and topic = $2 and partition = $3`,
}

/**
 * Finds the record that kills the processes of a group before they can say of which they die. It outlives them in
 * PostgreSQL, and costs two statements for a takeover and one for a good end: only when a process has ended badly does
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

  /** To be called at each takeover of partitions, before anything of them is read. */
  async takeOver(places: Taken[]): Promise<void> {
    for (const place of places) {
      this.#marked.delete(keyOf(place))
      this.#deadly.delete(keyOf(place))
    }
    await this.#orNobody(() => this.#begin(places))
  }

  /** This process has let go of all that it had, or of one partition, of which it stood at `place`; and did not die. */
  async leave(place?: Place): Promise<void> {
    const [name, id] = [this.#groupName, this.#processId]
    await this.#orNobody(() =>
      place === undefined
        ? this.#db.run(LEAVE, [name, id])
        : this.#db.run(LEAVE_ONE, [name, id, place.topic, place.partition, place.offset]),
    )
  }

  /**
   * Where the group stood in a partition when it was taken over, or left, last; null where it never was taken over.
   *
   * @throws EnrichmentError DATABASE_UNAVAILABLE, ...
   */
  async remembered({ topic, partition }: Omit<Place, 'offset'>): Promise<Remembered | null> {
    const [mark] = await this.#db.run(REMEMBERED, [this.#groupName, topic, partition])
    return mark === undefined ? null : { ...mark, offset: BigInt(mark.offset) }
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
    await this.#orNobody(() => this.#touch(first, [first.offset, last.offset]))
    try {
      return await work()
    } finally {
      await this.#orNobody(() => this.#touch(first, [null, null]))
    }
  }

  /** Asked of every record, and nearly always in vain. */
  #deathsAt(place: Place): number {
    if (this.#deadly.size === 0) return 0
    return this.#deadly.get(keyOf(place))?.[String(place.offset)] ?? 0
  }

  async #begin(places: Taken[]): Promise<void> {
    if (places.length === 0) return
    const at = places.map(({ topic, partition, offset, topicId = null }) => ({
      ...{ topic, partition, offset: String(offset) },
      topic_id: topicId,
    }))
    const taken = await this.#db.prepared(async (query) => {
      const found = await query(LOCK_MARKS, [this.#groupName, JSON.stringify(at)])
      const marks = new Map(found.map((mark) => [keyOf(mark), mark]))
      const rows = at.map((place) => this.#toTaken(place, marks.get(keyOf(place))))
      await query(TAKE_MARKS, [this.#groupName, this.#processId, JSON.stringify(rows)])
      return rows
    })
    for (const row of taken) {
      const hasDeadly = Object.keys(row.deadly).length > 0
      if (row.ends > 0 || hasDeadly) this.#marked.set(keyOf(row), MARKED)
      if (hasDeadly) this.#deadly.set(keyOf(row), row.deadly)
    }
  }

  /** What a partition's row is to be, now that this process has it. */
  #toTaken(place: TakenAt, mark: MarkRow | undefined): TakenRow {
    if (mark === undefined) return { ...place, ends: 0, deadly: {} }
    const hasEndedBadly = mark.process_id !== null && mark.process_id !== this.#processId
    const offset = BigInt(place.offset)
    const ends = (BigInt(mark.offset) === offset ? mark.ends : 0) + (hasEndedBadly ? 1 : 0)
    const counts = Object.entries(mark.deadly ?? {}).filter(([at]) => BigInt(at) >= offset)
    const deadly = Object.fromEntries(counts)
    if (hasEndedBadly && mark.touched !== null) {
      const [from, to] = [BigInt(mark.touched), BigInt(mark.touched_to ?? mark.touched)]
      for (let at = from; at <= to && at < from + BigInt(MOST_IN_HAND); at += 1n)
        deadly[String(at)] = (deadly[String(at)] ?? 0) + 1
    }
    return { ...place, ends, deadly }
  }

  async #touch({ topic, partition }: Place, [from, to]: [bigint, bigint] | [null, null]): Promise<void> {
    await this.#db.run(TOUCH, [this.#groupName, topic, partition, this.#processId, from, to])
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

const keyOf = ({ topic, partition }: Pick<Place, 'topic' | 'partition'>) => `${topic}/${partition}`
