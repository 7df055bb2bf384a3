import type { LanePosition } from '../../../src/worker/lane-position.ts'
import type { LaneMemory } from '../../../src/worker/lease/plan-start.ts'
import type { LedgerRow } from '../../../src/worker/ledger/delivery-rule.ts'
import type { Decision } from './judge.ts'
import type { Rules } from './rules.ts'

/** A row, with the place of the request's first delivery, which weaker rules go by. */
export interface ModelRow extends LedgerRow<Decision> {
  origin: { topic: string; offset: bigint }
  answers: ReadonlySet<string>
}

/** PostgreSQL: every method is one transaction, which is there whole or not at all. */
export class ModelLedger {
  rows = new Map<string, ModelRow>()
  lane: LaneMemory = { clusterId: null, flush: 0, offsets: {} }
  #fence = 0
  #clock = 0
  readonly #rules: Rules

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** Takes the lane from whoever had it. */
  takeOver(): { fence: number; before: number } {
    const before = this.#fence
    // Drawn from the clock, so that after a database was put back no former owner's comes again.
    this.#clock += 1
    this.#fence = this.#clock
    return { fence: this.#fence, before }
  }

  /** Whether a save under this fence would land. */
  admits(fence: number): boolean {
    return fence === this.#fence || !this.#rules.fences
  }

  markAgain(position: LanePosition): void {
    for (const [requestId, row] of this.rows)
      if (this.#rules.mustRunAgain(row, position)) this.rows.set(requestId, { ...row, again: true })
  }

  /**
   * Forgets what ended long ago.
   *
   * @param isRepeated whether a producer has sent the same request twice: the repeat follows at once, so within the time
   *   for which every row is kept
   * @returns the requests
   */
  prune(committed: ReadonlyMap<string, bigint>, isRepeated: (requestId: string) => boolean): string[] {
    const ended = [...this.rows].filter(([requestId, row]) => {
      const { source, decision, again } = row
      const isCommitted = source.offset < (committed.get(source.topic) ?? 0n)
      const hasEnded = decision !== null && decision.kind !== 'retry' && !again && isCommitted
      return hasEnded && !isRepeated(requestId) && this.#rules.forgets(row)
    })
    for (const [requestId] of ended) this.rows.delete(requestId)
    return ended.map(([requestId]) => requestId)
  }

  /** Counts a commit that begins. @returns false where the last one is not the caller's: the database was put back */
  storeFlush(last: number, next: number): boolean {
    if (!this.#isCount(last)) return false
    this.lane = { ...this.lane, flush: next }
    return true
  }

  /** @returns false likewise */
  storeOffsets(clusterId: string, flush: number, offsets: ReadonlyMap<string, bigint>): boolean {
    if (!this.#isCount(flush)) return false
    this.lane = { ...this.lane, clusterId, offsets: Object.fromEntries(offsets) }
    return true
  }

  /** A backup: what is stored is never changed in place. @returns what puts it back */
  backUp(): () => void {
    const [rows, lane, fence] = [new Map(this.rows), this.lane, this.#fence]
    return () => {
      this.rows = new Map(rows)
      this.lane = lane
      this.#fence = fence
    }
  }

  #isCount(flush: number): boolean {
    return this.lane.flush === flush || !this.#rules.comparesCounts
  }
}
