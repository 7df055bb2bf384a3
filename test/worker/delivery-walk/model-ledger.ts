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
  lane: LaneMemory | null = null
  #fence = 0
  readonly #rules: Rules

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** Takes the lane from whoever had it. */
  takeOver(): { fence: number; before: number } {
    const before = this.#fence
    this.#fence += 1
    if (this.lane !== null) this.lane = { ...this.lane, fence: this.#fence }
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

  storeFlush(clusterId: string, flush: number): void {
    this.lane = { clusterId, flush, fence: this.#fence, offsets: this.lane?.offsets ?? {} }
  }

  storeOffsets(offsets: ReadonlyMap<string, bigint>): void {
    if (this.lane !== null) this.lane = { ...this.lane, offsets: Object.fromEntries(offsets) }
  }

  /** A backup: rows are never changed in place. */
  copy(): () => void {
    const [rows, lane, fence] = [new Map(this.rows), this.lane, this.#fence]
    return () => {
      this.rows = new Map(rows)
      this.lane = lane
      this.#fence = fence
    }
  }
}
