import type { LanePosition, TopicStart } from './delivery-rule.ts'
import { type CommitStamp, parseStamp } from './lane-commit.ts'

/** One of the lane's topics as Kafka has it, read AFTER the transactional producer was initialised. */
export interface KafkaTopic {
  topic: string
  /** The first offset that is still there. */
  logStart: bigint
  /** Where the next record will stand. */
  logEnd: bigint
  /** null where the group has none. */
  committed: { offset: bigint; metadata: string | null } | null
}

export interface KafkaLane {
  clusterId: string
  topics: readonly KafkaTopic[]
}

/** The lane as PostgreSQL remembers it. */
export interface LaneMemory extends CommitStamp {
  clusterId: string
  /** By topic what was last committed; stored after the commit, so it may be one commit behind. */
  offsets: Readonly<Record<string, bigint>>
}

/** Why Kafka and PostgreSQL cannot both be right. KafkaJS would jump silently; the lane waits for a person. */
export type HoldCause =
  | { kind: 'other_cluster'; expected: string; found: string }
  | { kind: 'offset_below_log'; topic: string; committed: bigint; logStart: bigint }
  | { kind: 'offset_beyond_log'; topic: string; committed: bigint; logEnd: bigint }
  | { kind: 'offset_missing'; topic: string; remembered: bigint }
  | { kind: 'database_behind'; kafka: CommitStamp; database: CommitStamp }

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
 * @param lane null before the lane's first start
 * @param accepted the causes that a person has accepted; any other one holds all the same
 */
export function planStart(
  kafka: KafkaLane,
  lane: LaneMemory | null,
  accepted: ReadonlySet<HoldCause['kind']>,
): LaneStart {
  const stamps = kafka.topics.flatMap(({ committed }) => parseStamp(committed?.metadata ?? null) ?? [])
  const newest = {
    flush: Math.max(0, ...stamps.map(({ flush }) => flush)),
    fence: Math.max(0, ...stamps.map(({ fence }) => fence)),
  }
  const isNewCluster = lane !== null && lane.clusterId !== kafka.clusterId
  const causes = isNewCluster
    ? [{ kind: 'other_cluster' as const, expected: lane.clusterId, found: kafka.clusterId }]
    : [...findRestoredDatabase(newest, lane), ...kafka.topics.flatMap((topic) => findLostOffset(topic, lane))]
  const unaccepted = causes.filter(({ kind }) => !accepted.has(kind))
  if (unaccepted.length > 0) return { kind: 'hold', causes: unaccepted }

  const remembered = isNewCluster ? {} : (lane?.offsets ?? {})
  const topics = kafka.topics.map((topic) => startTopic(topic, newest.flush, remembered[topic.topic]))
  return {
    kind: 'run',
    topics: topics.map(({ mustCommit: _, ...start }) => start),
    flush: Math.max(newest.flush, lane?.flush ?? 0),
    mustCommit: topics.some(({ mustCommit }) => mustCommit),
    formerCluster: isNewCluster ? lane.offsets : null,
  }
}

/** PostgreSQL stores a flush number before Kafka does, so Kafka can be ahead only of a database that was put back. */
function findRestoredDatabase(kafka: CommitStamp, lane: LaneMemory | null): HoldCause[] {
  const database = { flush: lane?.flush ?? 0, fence: lane?.fence ?? 0 }
  const isBehind = kafka.flush > database.flush || kafka.fence > database.fence
  return isBehind ? [{ kind: 'database_behind', kafka, database }] : []
}

function findLostOffset({ topic, logStart, logEnd, committed }: KafkaTopic, lane: LaneMemory | null): HoldCause[] {
  if (committed === null) {
    const remembered = lane?.offsets[topic]
    return remembered === undefined ? [] : [{ kind: 'offset_missing', topic, remembered }]
  }
  const { offset } = committed
  if (offset < logStart) return [{ kind: 'offset_below_log', topic, committed: offset, logStart }]
  if (offset > logEnd) return [{ kind: 'offset_beyond_log', topic, committed: offset, logEnd }]
  return []
}

function startTopic(
  { topic, logStart, logEnd, committed }: KafkaTopic,
  newestFlush: number,
  remembered: bigint | undefined,
): TopicStart & { mustCommit: boolean } {
  const wanted = committed?.offset ?? remembered ?? logStart
  // Beyond its end a log is another one than we knew (a topic made anew): all of it is unread.
  const from = wanted < logStart || wanted > logEnd ? logStart : wanted
  // Offsets put back together with their metadata show too: each commit stamps all topics, and PostgreSQL knows the last.
  const isOurs = committed !== null && parseStamp(committed.metadata)?.flush === newestFlush
  const isMoved = committed !== null && (!isOurs || committed.offset < (remembered ?? 0n))
  return { topic, from, isMoved, mustCommit: !isOurs || isMoved || from !== wanted }
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
