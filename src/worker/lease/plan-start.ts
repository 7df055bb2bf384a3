import type { LaneTopicOffsets } from '../../kafka/read-lane-offsets.ts'
import type { LanePosition, TopicStart } from '../lane-position.ts'
import { parseStamp } from './lane-commit.ts'

export interface KafkaLane {
  clusterId: string
  topics: readonly LaneTopicOffsets[]
}

/** The lane as PostgreSQL remembers it. */
export interface LaneMemory {
  /** null before the first start; stored with `offsets`, so that a start in another cluster is done whole or again. */
  clusterId: string | null
  /**
   * The number of the last commit that was begun, 0 at first; stored BEFORE each commit, and only over the number that the
   * worker itself left there: another one says that the database was put back, and the worker must join again to be held.
   */
  flush: number
  /** By topic what was last committed; stored AFTER each commit, so it may be one behind. */
  offsets: Readonly<Record<string, bigint>>
}

/** Why Kafka and PostgreSQL cannot both be right. KafkaJS would jump silently; the lane waits for a person. */
export type HoldCause =
  | { kind: 'other_cluster'; expected: string; found: string }
  | { kind: 'offset_below_log'; topic: string; committed: bigint; logStart: bigint }
  | { kind: 'offset_beyond_log'; topic: string; committed: bigint; logEnd: bigint }
  | { kind: 'offset_missing'; topic: string; remembered: bigint }
  | { kind: 'database_behind'; kafka: number; database: number }

/**
 * - run: mark the rows that must run again (all of one transaction), commit `topics` with the next flush number if
 *   `mustCommit`, store the offsets, then consume. With any topic moved, work from before is dropped first
 * - hold: nothing is consumed until a person accepts every cause
 */
export type LaneStart =
  | (LanePosition & { kind: 'run'; flush: number; mustCommit: boolean })
  | { kind: 'hold'; causes: HoldCause[] }

/**
 * Compares Kafka's word with PostgreSQL's before anything is consumed.
 *
 * @param accepted the causes that a person has accepted; any other one holds all the same
 */
export function planStart(kafka: KafkaLane, lane: LaneMemory, accepted: ReadonlySet<HoldCause['kind']>): LaneStart {
  const newestFlush = Math.max(0, ...kafka.topics.map(({ committed }) => readFlush(committed) ?? 0))
  const isNewCluster = lane.clusterId !== null && lane.clusterId !== kafka.clusterId
  const causes: HoldCause[] = []
  if (isNewCluster) causes.push({ kind: 'other_cluster', expected: lane.clusterId ?? '', found: kafka.clusterId })
  else {
    // PostgreSQL stores a flush number before Kafka does, so Kafka can be ahead only of a database that was put back.
    if (newestFlush > lane.flush) causes.push({ kind: 'database_behind', kafka: newestFlush, database: lane.flush })
    causes.push(...kafka.topics.flatMap((topic) => findLostOffset(topic, lane.offsets[topic.topic])))
  }
  const unaccepted = causes.filter(({ kind }) => !accepted.has(kind))
  if (unaccepted.length > 0) return { kind: 'hold', causes: unaccepted }

  const remembered = isNewCluster ? {} : lane.offsets
  const topics = kafka.topics.map((topic) => startTopic(topic, newestFlush, remembered[topic.topic]))
  return {
    kind: 'run',
    topics: topics.map(({ mustCommit: _, ...start }) => start),
    flush: Math.max(newestFlush, lane.flush),
    // A database that was put back learns of Kafka's count, or it would be held again.
    mustCommit: newestFlush > lane.flush || topics.some(({ mustCommit }) => mustCommit),
    formerCluster: isNewCluster ? lane.offsets : null,
  }
}

function findLostOffset(
  { topic, logStart, logEnd, committed }: LaneTopicOffsets,
  remembered: bigint | undefined,
): HoldCause[] {
  if (committed === null) return remembered === undefined ? [] : [{ kind: 'offset_missing', topic, remembered }]
  const { offset } = committed
  if (offset < logStart) return [{ kind: 'offset_below_log', topic, committed: offset, logStart }]
  if (offset > logEnd) return [{ kind: 'offset_beyond_log', topic, committed: offset, logEnd }]
  return []
}

function startTopic(
  { topic, logStart, logEnd, committed }: LaneTopicOffsets,
  newestFlush: number,
  remembered: bigint | undefined,
): TopicStart & { mustCommit: boolean } {
  const wanted = committed?.offset ?? remembered ?? logStart
  // Beyond its end a log is another one than we knew (a topic made anew): all of it is unread.
  const from = wanted < logStart || wanted > logEnd ? logStart : wanted
  // Offsets put back together with their metadata show too: each commit stamps all topics, and PostgreSQL knows the last.
  const isOurs = readFlush(committed) === newestFlush
  const isMoved = committed !== null && (!isOurs || committed.offset < (remembered ?? 0n))
  return { topic, from, isMoved, mustCommit: !isOurs || isMoved || from !== wanted }
}

/** undefined where the committed offset is not one of ours. */
function readFlush(committed: LaneTopicOffsets['committed']): number | undefined {
  return parseStamp(committed?.metadata ?? null)?.flush
}

/**
 * Whether work from before a rebalance may go on and attach to its redelivery. Not once an offset was moved, since its
 * decisions may have to be taken anew; and not if somebody else had the lane meanwhile, who may have stored answers that
 * this work does not know of.
 *
 * @param former the lane's fence before this takeover
 * @param own the fence under which the work was begun
 */
export function keepsWork({ topics, formerCluster }: LanePosition, former: number, own: number): boolean {
  return former === own && formerCluster === null && !topics.some(({ isMoved }) => isMoved)
}
