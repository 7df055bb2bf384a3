import type { CrashMarks } from '../db/crash-marks.ts'
import type { StoredLane } from '../db/lane.ts'
import { EnrichmentError } from '../errors.ts'
import type { LaneState, NewHold } from '../holds/lane-state.ts'
import type { TopicPartition } from '../kafka/delivery.ts'
import type { LogEnds } from '../kafka/partition-ownership.ts'

const MISSING = 'intake_offset_missing'
const BEYOND = 'intake_offset_beyond_log'

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
  /** Whether a person lets intake begin anew. */
  #isAccepted = false

  constructor(marks: Pick<CrashMarks, 'remembered'>, state: Pick<LaneState, 'hold'>) {
    this.#marks = marks
    this.#state = state
  }

  /** Of another assignment: nothing is known of its partitions yet. */
  clear(): void {
    this.#holds.clear()
    this.#isAccepted = false
    this.#tell()
  }

  /** The partition could be taken over. */
  over({ partition }: TopicPartition): void {
    this.#holds.delete(partition)
    this.#tell()
  }

  /** The partition could not be taken over, for whatever reason. */
  failed({ partition }: TopicPartition, error: unknown): void {
    if (!(error instanceof EnrichmentError) || error.code !== 'TOPIC_WRONG') return
    const remedy =
      'stop the service, set the offsets of the group with kafka-consumer-groups.sh --reset-offsets, and start it'
    const hold = { cause: BEYOND, message: error.message, remedy }
    this.#holds.set(partition, error instanceof OffsetMissing ? error.hold : hold)
    this.#tell()
  }

  /** A person said resume. */
  resumed({ accepted }: Pick<StoredLane, 'accepted'>): void {
    const isAsked = [...this.#holds.values()].some(({ cause }) => cause === MISSING)
    if (isAsked && accepted.includes(MISSING)) this.#isAccepted = true
  }

  /**
   * Where to begin in a partition of which the group has no offset.
   *
   * @throws OffsetMissing where it is known to have been further on; DATABASE_UNAVAILABLE where nobody can tell
   */
  async beginAt(place: TopicPartition, { start, end }: LogEnds): Promise<bigint> {
    const remembered = await this.#marks.remembered(place)
    // Nothing to be requested again, nobody who could have been further on, or beyond its end: a log that was made anew.
    if (start === end || remembered === null || remembered.offset > end || this.#isAccepted) return start
    // Whoever takes a partition over commits where it begins, so one that was taken over and not left had an offset.
    if (remembered.offset <= start && !remembered.isOpen) return start
    throw new OffsetMissing(place, remembered.offset)
  }

  #tell(): void {
    for (const cause of [BEYOND, MISSING]) {
      const first = [...this.#holds.values()].find((hold) => hold.cause === cause)
      this.#state.hold(cause, first ?? null)
    }
  }
}

class OffsetMissing extends EnrichmentError {
  readonly hold: NewHold

  constructor({ topic, partition }: TopicPartition, remembered: bigint) {
    const why = 'a group that is empty for long loses its offsets'
    const message = `the group has no offset in partition ${partition} of ${topic}, and intake had come to ${remembered} at least: ${why}`
    super('TOPIC_WRONG', message)
    // Not from here: in another cluster, or a topic that was mirrored, the number means another record.
    const remedy =
      "stop the service, set the group's offsets, as to the time when it ran last (kafka-consumer-groups.sh --reset-offsets " +
      '--to-datetime), and start it; `album-enricher resume --accept` begins anew instead, and requests all that is in the topic'
    this.hold = { cause: MISSING, message, remedy }
  }
}
