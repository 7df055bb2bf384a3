import type { LedgerRow } from '../../../src/worker/ledger/delivery-rule.ts'

export type ClaimedRow = LedgerRow<'result'>

/** What became of a row since a job claimed it, and whether the job may still save to it: for the SQL, and for its twin in the model. */
export const CLAIM_CASES: readonly { what: string; changes: Partial<ClaimedRow>; isClaimed: boolean }[] = [
  { what: 'undisturbed', changes: {}, isClaimed: true },
  { what: 'reached from another place', changes: { reached: { requests: 99n } }, isClaimed: true },
  { what: 'of another run', changes: { run: 2 }, isClaimed: false },
  { what: 'of another attempt', changes: { attempt: 1 }, isClaimed: false },
  { what: 'driven from another topic', changes: { source: { topic: 'express', offset: 5n } }, isClaimed: false },
  { what: 'driven from another offset', changes: { source: { topic: 'requests', offset: 6n } }, isClaimed: false },
  { what: 'decided', changes: { decision: 'result' }, isClaimed: false },
  { what: 'to run again', changes: { again: true }, isClaimed: false },
]
