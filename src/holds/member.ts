import type { HoldRecord } from '../db/hold-record.ts'
import type { EnrichmentError } from '../errors.ts'

/** A part of the service that is a member of a group. */
export interface Member {
  /** Those that it follows now: a relay's tiers come and go. */
  readonly topics: string[]
  readonly isJoined: boolean
  /** Why it is no member, or has not got its partitions; null while all is well. */
  readonly failure: EnrichmentError | null
  /** What it does now, for parts that may be held. */
  readonly condition?: { state: string; holds: HoldRecord[] }
  stop(): Promise<void>
}
