import type { OutgoingRecord } from '../../kafka/delivery.ts'
import type { StampedOffset } from './lane-commit.ts'
import type { HoldCause } from './plan-start.ts'

/** The lane's transactional producer. */
export interface LeaseProducer {
  /** In one transaction. @throws EnrichmentError KAFKA_UNAVAILABLE: the outcome is unknown, and the producer void */
  commit(records: OutgoingRecord[], offsets: StampedOffset[]): Promise<void>
  close(): Promise<void>
}

/** What an owner commits with, and how far it has come. */
export interface Standing {
  /** The fencing token: whoever stores or commits under an older one is refused. */
  readonly token: number
  readonly producer: LeaseProducer
  readonly clusterId: string
  /** The number of the last commit that was begun. */
  commits: number
  /** The number that PostgreSQL was left with. */
  counted: number
  /** By topic where the lane stands. */
  committed: ReadonlyMap<string, bigint>
}

/** A start that has taken the row, and may be over or not. */
export interface Taken {
  token: number
  /** Of whoever had the lane before; a start of ours that failed is nobody. */
  former: number
}

/** The phases of LaneLease, which says what they mean. */
export type Phase =
  | { kind: 'standby' }
  /** `work`: the token under which the work in hand was begun. `isKept`: nobody else has the lane, as far as we know. */
  | { kind: 'acquiring'; taken: Taken | null; work: number | null; isKept: boolean }
  | { kind: 'blocked'; token: number; causes: readonly HoldCause[] }
  /** `session`: the membership of the group that it rests on. `doubt`: aborted when the phase ends. */
  | { kind: 'owner'; standing: Standing; session: AbortSignal; doubt: AbortController }
  | { kind: 'suspended'; standing: Standing }

export type PhaseKind = Phase['kind']
export type LeaseEvent = 'acquire' | 'disagree' | 'accept' | 'agree' | 'commit' | 'committed' | 'suspend' | 'release'

/** What an owner has, also while it is in doubt. */
export function standingOf(phase: Phase): Standing | null {
  return phase.kind === 'owner' || phase.kind === 'suspended' ? phase.standing : null
}

/**
 * Under which the work in hand may be stored: that under which it was begun, or the one that its owner has drawn since, as
 * long as nobody else had the lane in between. null without any.
 */
export function tokenOfWork(phase: Phase): number | null {
  if (phase.kind !== 'acquiring') return standingOf(phase)?.token ?? null
  const { taken, work } = phase
  if (taken === null || work === null) return work
  return taken.former === work ? taken.token : null
}

/** What the next start knows of the one before. */
export function toAcquiring(before: Phase): Phase {
  if (before.kind === 'acquiring') return before
  const work = standingOf(before)?.token ?? null
  return { kind: 'acquiring', taken: null, work, isKept: before.kind !== 'standby' }
}
