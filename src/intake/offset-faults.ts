import type { CrashMarks } from '../db/crash-marks.ts'
import type { StoredLane } from '../db/lane.ts'
import { EnrichmentError } from '../errors.ts'
import type { LaneState, NewHold } from '../holds/lane-state.ts'
import type { TopicPartition } from '../kafka/delivery.ts'
import type { LogEnds } from '../kafka/partition-ownership.ts'

const MISSING = 'intake_offset_missing'

/**
 * Why intake cannot tell where it stands in a partition, until a person says: its group's offset is beyond the log, or Kafka
 * has none any more, as of a group that has stood still for a week. Beginning anew would request all that is in the topic
 * again, at a request of Amazon or more each.
 */
export class OffsetFaults {
  readonly #marks: Pick<CrashMarks, 'remembered'>
  readonly #state: Pick<LaneState, 'hold'>
  /** By partition. */
  readonly #holds = new Map<number, NewHold>()
  /** Partitions in which a person lets intake go on where it is remembered to have stood. */
  readonly #accepted = new Set<number>()

  constructor(marks: Pick<CrashMarks, 'remembered'>, state: Pick<LaneState, 'hold'>) {
    this.#marks = marks
    this.#state = state
  }

  /** Of another assignment: nothing is known of its partitions yet. */
  clear(): void {
    this.#holds.clear()
    this.#accepted.clear()
    this.#tell()
  }

  /** The partition could be taken over. */
  over({ partition }: TopicPartition): void {
    this.#holds.delete(partition)
    this.#accepted.delete(partition)
    this.#tell()
  }

  /** The partition could not be taken over, for whatever reason. */
  failed({ partition }: TopicPartition, error: unknown): void {
    if (!(error instanceof EnrichmentError) || error.code !== 'TOPIC_WRONG') return
    const remedy =
      'stop the service, set the offsets of the group with kafka-consumer-groups.sh --reset-offsets, and start it'
    const hold = { cause: 'intake_offset_beyond_log', message: error.message, remedy }
    this.#holds.set(partition, error instanceof OffsetMissing ? error.hold : hold)
    this.#tell()
  }

  /** A person said resume. */
  resumed({ accepted }: Pick<StoredLane, 'accepted'>): void {
    if (!accepted.includes(MISSING)) return
    for (const [partition, { cause }] of this.#holds) if (cause === MISSING) this.#accepted.add(partition)
  }

  /**
   * Where to begin in a partition of which the group has no offset.
   *
   * @throws OffsetMissing where it is known to have been further on; DATABASE_UNAVAILABLE where nobody can tell
   */
  async beginAt(place: TopicPartition, { start, end }: LogEnds): Promise<bigint> {
    const remembered = await this.#marks.remembered(place)
    // Beyond its end it is another log, made anew.
    if (remembered === null || remembered <= start || remembered > end) return start
    if (this.#accepted.has(place.partition)) return remembered
    throw new OffsetMissing(place, remembered)
  }

  #tell(): void {
    const [first] = this.#holds.values()
    this.#state.hold('offsets', first ?? null)
  }
}

class OffsetMissing extends EnrichmentError {
  readonly hold: NewHold

  constructor({ topic, partition }: TopicPartition, remembered: bigint) {
    const why = 'a group that is empty for long loses its offsets'
    const message = `the group has no offset in partition ${partition} of ${topic}, and intake had come to ${remembered}: ${why}`
    super('TOPIC_WRONG', message)
    const remedy =
      `\`album-enricher resume --accept\` goes on at ${remembered}; what came in between is requested again. To begin elsewhere, ` +
      'as in a topic that was made anew, stop the service and set the offset with kafka-consumer-groups.sh --reset-offsets'
    this.hold = { cause: MISSING, message, remedy }
  }
}
