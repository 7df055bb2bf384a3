import type { CrashMarks } from '../db/crash-marks.ts'
import type { StoredLane } from '../db/lane.ts'
import { EnrichmentError } from '../errors.ts'
import type { LaneState, NewHold } from '../holds/lane-state.ts'
import type { TopicPartition } from '../kafka/delivery.ts'
import type { LogEnds, PartitionClaim } from '../kafka/partition-ownership.ts'

const MISSING = 'intake_offset_missing'
const BEYOND = 'intake_offset_beyond_log'
const OTHER_LANE = 'intake_other_lane'
/** In the metadata of an offset; then comes the topic to which the group brings requests. */
const TO = 'to='

/**
 * Why intake cannot tell where it stands in a partition, until a person says: its group's offset is beyond the log, or Kafka
 * has none any more, as of a group that has stood still for a week. Beginning anew would request all that is in the topic
 * again, at a request of Amazon or more each. Or the offset is of another lane's intake, to which the albums behind it belong:
 * a lane that was deployed without a group prefix of its own would take them from it.
 */
export class OffsetFaults {
  readonly #marks: Pick<CrashMarks, 'remembered'>
  readonly #state: Pick<LaneState, 'hold'>
  readonly #requests: string
  readonly #onDeleted: PartitionClaim['onDeleted']
  /** By partition; accepted: a person lets intake go on in spite of it. */
  readonly #faults = new Map<number, { hold: NewHold; isAccepted: boolean }>()

  /**
   * @param requests the topic to which it brings requests
   * @param onDeleted told that records were deleted from a log before the group had done them
   */
  constructor(
    marks: Pick<CrashMarks, 'remembered'>,
    state: Pick<LaneState, 'hold'>,
    requests: string,
    onDeleted: PartitionClaim['onDeleted'],
  ) {
    this.#onDeleted = onDeleted
    this.#marks = marks
    this.#state = state
    this.#requests = requests
  }

  /** What is kept beside each offset: whose it is. */
  get metadata(): string {
    return `${TO}${this.#requests}`
  }

  /**
   * The group has joined again. What is known of partitions that are still assigned stays until they are taken over: what
   * a person accepts would count for nothing where a join comes before the next try. Others are another member's now.
   */
  assigned(assignment: readonly TopicPartition[]): void {
    const kept = new Set(assignment.map(({ partition }) => partition))
    for (const partition of this.#faults.keys()) if (!kept.has(partition)) this.#faults.delete(partition)
    this.#tell()
  }

  /** Whether it could not be taken over for what its offset is, when it was tried last. */
  isHeld({ partition }: TopicPartition): boolean {
    return this.#faults.has(partition)
  }

  /** The partition could be taken over. */
  over({ partition }: TopicPartition): void {
    this.#faults.delete(partition)
    this.#tell()
  }

  /** The partition could not be taken over, for whatever reason. */
  failed({ partition }: TopicPartition, error: unknown): void {
    if (!(error instanceof EnrichmentError) || error.code !== 'TOPIC_WRONG') return
    const remedy =
      'stop the service, set the offsets of the group with kafka-consumer-groups.sh --reset-offsets, and start it'
    const beyond = { cause: BEYOND, message: error.message, remedy }
    const hold = error instanceof OffsetFault ? error.hold : beyond
    // It may have been accepted while this try went on.
    this.#faults.set(partition, { hold, isAccepted: this.#isAccepted(partition, hold.cause) })
    this.#tell()
  }

  /** A person said resume. */
  resumed({ accepted }: Pick<StoredLane, 'accepted'>): void {
    for (const fault of this.#faults.values()) if (accepted.includes(fault.hold.cause)) fault.isAccepted = true
  }

  /**
   * Whether the group's offset is that of another lane. What says nothing of a lane is of a build before, or was set with a
   * tool.
   *
   * @throws OffsetFault where it is, until a person accepts that
   */
  judgeMetadata({ topic, partition }: TopicPartition, metadata: string): void {
    if (!metadata.startsWith(TO) || metadata === this.metadata || this.#isAccepted(partition, OTHER_LANE)) return
    const other = metadata.slice(TO.length)
    const message = `in partition ${partition} of ${topic} the group brings requests to ${other}, and this process to ${this.#requests}`
    const remedy =
      'give each lane a KAFKA_GROUP_PREFIX of its own; only where this one belongs here, since the other was first by mistake or ' +
      `TOPIC_ENRICHMENT was renamed, and nothing runs with ${other} any more, \`album-enricher resume --accept\` goes on with ` +
      `${this.#requests}, and what was brought to ${other} is left there`
    throw new OffsetFault({ cause: OTHER_LANE, message, remedy })
  }

  /**
   * Where to begin in a partition of which the group has no offset.
   *
   * @throws OffsetFault where it is known to have been further on; DATABASE_UNAVAILABLE where nobody can tell
   */
  async beginAt(place: TopicPartition, { start, end }: LogEnds): Promise<bigint> {
    const remembered = await this.#marks.remembered(place)
    // Nothing to be requested again, nobody who could have been further on, or beyond its end: a log that was made anew.
    if (
      start !== end &&
      remembered !== null &&
      remembered.offset <= end &&
      !this.#isAccepted(place.partition, MISSING)
    ) {
      // Whoever takes a partition over commits where it begins, so one that was taken over and not left had an offset.
      if (remembered.offset > start || remembered.isOpen) throw new OffsetFault(missing(place, remembered.offset))
    }
    // The group's offset, which would tell of it, is gone as well.
    if (remembered !== null && remembered.offset < start) this.#onDeleted(place, remembered.offset, start)
    return start
  }

  #isAccepted(partition: number, cause: string): boolean {
    const fault = this.#faults.get(partition)
    return fault?.hold.cause === cause && fault.isAccepted
  }

  #tell(): void {
    const holds = [...this.#faults.values()].map(({ hold }) => hold)
    for (const cause of [BEYOND, MISSING, OTHER_LANE]) {
      this.#state.hold(cause, holds.find((hold) => hold.cause === cause) ?? null)
    }
  }
}

class OffsetFault extends EnrichmentError {
  readonly hold: NewHold

  constructor(hold: NewHold) {
    super('TOPIC_WRONG', hold.message)
    this.hold = hold
  }
}

function missing({ topic, partition }: TopicPartition, remembered: bigint): NewHold {
  const why = 'a group that is empty for long loses its offsets'
  const message = `the group has no offset in partition ${partition} of ${topic}, and intake had come to ${remembered} at least: ${why}`
  // Not from here: in another cluster, or a topic that was mirrored, the number means another record.
  const remedy =
    "stop the service, set the group's offsets, as to the time when it ran last (kafka-consumer-groups.sh --reset-offsets " +
    '--to-datetime), and start it; `album-enricher resume --accept` begins anew instead, and requests all that is in the topic'
  return { cause: MISSING, message, remedy }
}
