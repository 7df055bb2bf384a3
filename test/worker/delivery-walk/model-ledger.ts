import type { LanePosition, LedgerRow } from '../../../src/worker/delivery-rule.ts'
import type { LaneMemory } from '../../../src/worker/plan-start.ts'
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
  readonly #rules: Rules

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** Takes the lane from whoever had it. */
  takeOver(): { fence: number; before: number } {
    const before = this.#fence
    this.#fence += 1
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

  storeFlush(flush: number): void {
    this.lane = { ...this.lane, flush }
  }

  storeOffsets(clusterId: string, offsets: ReadonlyMap<string, bigint>): void {
    this.lane = { ...this.lane, clusterId, offsets: Object.fromEntries(offsets) }
  }

  /** A backup: what is stored is never changed in place. @returns what puts it back */
  backUp(): () => void {
    const [rows, lane] = [new Map(this.rows), this.lane]
    return () => {
      // The fence goes on: it is drawn from the clock, so that no former owner's comes again.
      this.rows = new Map(rows)
      this.lane = lane
    }
  }
}
