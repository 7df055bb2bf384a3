import { isPending, stampOffsets } from '../../../src/worker/lease/lane-commit.ts'
import { keepsWork, planStart } from '../../../src/worker/lease/plan-start.ts'
import { type Claim, judgeDelivery, type LedgerRow, mustRunAgain } from '../../../src/worker/ledger/delivery-rule.ts'
import type { ModelRow } from './model-ledger.ts'

/**
 * Whether the row still belongs to the job that claimed it: what the ledger's statements ask in SQL. The cases in
 * claim-cases.ts hold both to the same.
 */
export function isClaimed(row: LedgerRow<unknown>, claim: Claim): boolean {
  const { run, attempt, source, decision, again } = row
  const isSame = run === claim.run && attempt === claim.attempt
  const isDriven = source.topic === claim.source.topic && source.offset === claim.source.offset
  return isSame && isDriven && decision === null && !again
}

/** Everything that a worker in the model goes by. */
export interface Rules {
  judgeDelivery: typeof judgeDelivery
  mustRunAgain(row: ModelRow, position: Parameters<typeof mustRunAgain>[1]): boolean
  isClaimed: typeof isClaimed
  planStart: typeof planStart
  stampOffsets: typeof stampOffsets
  isPending: typeof isPending
  keepsWork: typeof keepsWork
  /** PostgreSQL refuses what a former owner saves. */
  fences: boolean
  /** The committed offset is read after the producer was initialised. */
  initialisesFirst: boolean
  /** Nothing is committed once the last heartbeat is old. */
  heedsHeartbeats: boolean
  /** A commit is counted only if PostgreSQL still has the count that the worker left there. */
  comparesCounts: boolean
  /** Of rows that have ended and whose delivery is committed: whether it may be forgotten, as the ledger's `prune` does. */
  forgets(row: ModelRow): boolean
  /** A delivery that is known attaches to its work. */
  attaches: boolean
  publishesStale: boolean
}

export const OUR_RULES: Rules = {
  judgeDelivery,
  mustRunAgain,
  isClaimed,
  planStart,
  stampOffsets,
  isPending,
  keepsWork,
  fences: true,
  initialisesFirst: true,
  heedsHeartbeats: true,
  comparesCounts: true,
  forgets: ({ run, attempt }) => run === 1 && attempt === 0,
  attaches: true,
  publishesStale: false,
}
