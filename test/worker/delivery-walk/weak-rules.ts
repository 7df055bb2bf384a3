import { formatStamp } from '../../../src/worker/lease/lane-commit.ts'
import { OUR_RULES, type Rules } from './rules.ts'

/** Rules that look as if they would do; each must be caught by a walk. */
export const WEAK_RULES: Record<string, Partial<Rules>> = {
  'no row runs again': { mustRunAgain: () => false },
  'only the first delivery counts for running again': {
    mustRunAgain: ({ origin, decision }, { topics }) =>
      decision !== null && topics.some(({ topic, from, isMoved }) => isMoved && isAt(origin, topic, from)),
  },
  'only the last delivery counts for running again': {
    mustRunAgain: ({ source, decision }, { topics }) =>
      decision !== null && topics.some(({ topic, from, isMoved }) => isMoved && isAt(source, topic, from)),
  },
  'only the first and the last delivery count for running again': {
    mustRunAgain: ({ origin, source, decision }, { topics }) =>
      decision !== null &&
      topics.some(({ topic, from, isMoved }) => isMoved && (isAt(origin, topic, from) || isAt(source, topic, from))),
  },
  'every row runs again, wherever the offset was moved': { mustRunAgain: (_, { topics }) => topics.some(isMoved) },
  'a new run goes on with the answers of the former one': {
    judgeDelivery(row, copy) {
      const verdict = OUR_RULES.judgeDelivery(row, copy)
      return verdict.kind === 'work' ? { ...verdict, dropsAnswers: false } : verdict
    },
  },
  'the attempt of a copy is ignored': {
    judgeDelivery: (row, copy) =>
      OUR_RULES.judgeDelivery(row, row === null ? copy : { ...copy, attempt: Math.min(copy.attempt, row.attempt) }),
  },
  'the run of a copy is ignored': {
    judgeDelivery: (row, copy) => OUR_RULES.judgeDelivery(row, row === null ? copy : { ...copy, run: row.run }),
  },
  'every copy of a request is taken': {
    judgeDelivery(row, copy) {
      const verdict = OUR_RULES.judgeDelivery(row, copy)
      const { topic, offset } = copy
      const taken = row && { ...row, source: { topic, offset }, decision: null }
      return verdict.kind === 'stale' && taken ? { kind: 'work', row: taken, dropsAnswers: false } : verdict
    },
  },
  'the stored decision is not published again': {
    judgeDelivery(row, copy) {
      const verdict = OUR_RULES.judgeDelivery(row, copy)
      return verdict.kind === 'publish' ? { kind: 'stale' } : verdict
    },
  },
  'stale copies are published': { publishesStale: true },
  'a commit has metadata for the topics that moved, and none for the other': {
    stampOffsets: (committed, done, stamp) =>
      OUR_RULES.stampOffsets(committed, done, stamp).map((it) =>
        it.offset === committed.get(it.topic) && done.length > 0 ? { ...it, metadata: '' } : it,
      ),
  },
  'a commit leaves out the topics that did not move': {
    stampOffsets: (committed, done, stamp) =>
      OUR_RULES.stampOffsets(committed, done, stamp).filter(
        (it) => it.offset !== committed.get(it.topic) || done.length === 0,
      ),
  },
  'the counter of commits begins anew at each start': {
    planStart(...given) {
      const start = OUR_RULES.planStart(...given)
      return start.kind === 'run' ? { ...start, flush: 0 } : start
    },
  },
  'offsets of all that was delivered are committed, as far as it was delivered': {
    isPending: () => true,
    stampOffsets: (committed, done, stamp) =>
      [...committed].map(([topic, before]) => ({
        topic,
        offset: done.findLast((it) => it.topic === topic)?.nextOffset ?? before,
        metadata: formatStamp(stamp),
      })),
  },
  'the committed offset is read before the producer is initialised': { initialisesFirst: false },
  'a former owner may still save': { fences: false, isClaimed: () => true },
  'a process commits and asks however old its last heartbeat is': { heedsHeartbeats: false },
  'work in hand survives whatever happened to the lane': { keepsWork: () => true },
  'whatever has ended is forgotten': { forgets: () => true },
  'what was retried is forgotten, unless it ran again': { forgets: ({ run }) => run === 1 },
  'what ran again is forgotten, if its last run was not retried': { forgets: ({ attempt }) => attempt === 0 },
  'a redelivery is worked on beside the work in hand': { attaches: false },
}

/** Likewise, and caught only where Kafka or PostgreSQL lose what they knew. */
export const WEAK_WHEN_LOSING: Record<string, Partial<Rules>> = {
  'a commit is counted, whatever PostgreSQL says now': { comparesCounts: false },
  'a lane that has no offset starts at the beginning': {
    planStart: (kafka, lane, accepted) => OUR_RULES.planStart(kafka, { ...lane, offsets: {} }, accepted),
  },
  'a count of commits that is higher than that of PostgreSQL is nothing to hold for': {
    planStart: (kafka, lane, accepted) => OUR_RULES.planStart(kafka, lane, new Set([...accepted, 'database_behind'])),
  },
  'in another cluster the same offsets mean the same records': {
    mustRunAgain: (row, { topics }) => OUR_RULES.mustRunAgain(row, { topics, formerCluster: null }),
  },
}

function isAt(position: { topic: string; offset: bigint }, topic: string, from: bigint): boolean {
  return position.topic === topic && position.offset >= from
}

function isMoved(start: { isMoved: boolean }): boolean {
  return start.isMoved
}
