import type { LanePosition, Position } from '../lane-position.ts'

/**
 * The delivery rule: what a delivered request is to the ledger. Kafka delivers a request more than once (a crash, a
 * rebalance, a retry that comes back, offsets that someone moved), and only the ledger's row tells these apart.
 */

/** A delivered copy of a request and what its headers say: run 1, attempt 0 unless it is a retry that comes back. */
export interface RequestCopy extends Position {
  run: number
  attempt: number
}

/** What the rule needs of a request's row. `D` is the decision as it is stored. */
export interface LedgerRow<D> {
  /** 1, and one more each time that somebody moved the offsets back to before the request. */
  run: number
  /** Retries that came back in this run. */
  attempt: number
  /** The delivery that drives the row; copies from elsewhere are stale. */
  source: Position
  /** By topic the highest offset from which the row was ever driven: where an offset must be moved to, to reach it. */
  reached: Readonly<Record<string, bigint>>
  /** Somebody moved an offset back to before the request: its next delivery begins a new run. */
  again: boolean
  /** What the run came to: stored before it is published, so that a crash in between publishes the same. */
  decision: D | null
}

/** The part of a row that a job must find unchanged whenever it saves: see `IS_CLAIMED` of the statements. */
export type Claim = Pick<LedgerRow<unknown>, 'run' | 'attempt' | 'source'>

/**
 * What to do with a delivery.
 * - work: store the row, then take it to a decision. `dropsAnswers` says that the stored answers and failures are of an
 *   earlier run and go; otherwise they are kept, and what they answer is not asked again
 * - publish: it is decided already, and Kafka does not know: publish the decision as it is stored
 * - stale: a copy that no longer counts; it is done without a result
 */
export type DeliveryVerdict<D> =
  | { kind: 'work'; row: LedgerRow<D>; dropsAnswers: boolean }
  | { kind: 'publish'; row: LedgerRow<D>; decision: D }
  | { kind: 'stale' }

/** Judges a delivery by the request's row, which MUST be read and stored in one transaction under the lane's fence. */
export function judgeDelivery<D>(row: LedgerRow<D> | null, copy: RequestCopy): DeliveryVerdict<D> {
  const { topic, offset, run, attempt } = copy
  const source = { topic, offset }
  if (row === null) {
    // A retry copy whose row was lost with the database goes on counting where its headers say. None was pruned: see Ledger.
    const created = { run, attempt, source, reached: { [topic]: offset }, again: false, decision: null }
    return { kind: 'work', row: created, dropsAnswers: false }
  }
  const reached = { ...row.reached, [topic]: max(offset, row.reached[topic]) }
  if (row.again) {
    const begun = { run: row.run + 1, attempt: 0, source, reached, again: false, decision: null }
    return { kind: 'work', row: begun, dropsAnswers: true }
  }
  if (isSamePosition(row.source, copy)) {
    return row.decision === null
      ? { kind: 'work', row, dropsAnswers: false }
      : { kind: 'publish', row, decision: row.decision }
  }
  const isRetry = run > row.run || (run === row.run && attempt > row.attempt)
  if (!isRetry) return { kind: 'stale' }
  // The copy is ahead of a row of an earlier run only when the database was put back: those answers are not its own.
  const taken = { run, attempt, source, reached, again: false, decision: null }
  return { kind: 'work', row: taken, dropsAnswers: run > row.run }
}

/** What the headers of the row's next retry copy say, so that it is taken when it comes back. */
export function toRetryCopy({ run, attempt }: Pick<LedgerRow<unknown>, 'run' | 'attempt'>): {
  run: number
  attempt: number
} {
  return { run, attempt: attempt + 1 }
}

/**
 * Whether the row's next delivery is to begin a new run, given where the lane goes on.
 *
 * Each row that can be reached from an offset that was moved, and was done. One that is in work needs no second run: its
 * own delivery is still to come and ends it. But if an offset was moved forward over that delivery, no other could.
 * In another cluster offsets mean other records: whatever is not known to be published there must be taken anew. But not
 * a row that another lane drives, from topics of its own: nothing of it has moved, and its answers are paid for.
 */
export function mustRunAgain(row: LedgerRow<unknown>, { topics, formerCluster }: LanePosition): boolean {
  const { source, reached, decision } = row
  if (formerCluster !== null) {
    const isOurs = Object.hasOwn(formerCluster, source.topic) || topics.some(({ topic }) => topic === source.topic)
    return isOurs && (decision === null || source.offset >= (formerCluster[source.topic] ?? 0n))
  }
  const isReached = topics.some(({ topic, from, isMoved }) => isMoved && (reached[topic] ?? -1n) >= from)
  const isPassed = topics.some(({ topic, from }) => source.topic === topic && source.offset < from)
  return isReached && (decision !== null || isPassed)
}

function isSamePosition(one: Position, other: Position): boolean {
  return one.topic === other.topic && one.offset === other.offset
}

function max(one: bigint, other: bigint | undefined): bigint {
  return other !== undefined && other > one ? other : one
}
