import type { LanePosition } from '../lane-position.ts'
import type { LeaseEvent, LeaseProducer, PhaseKind, Standing } from './lease-phase.ts'
import type { HoldCause, KafkaLane, LaneMemory } from './plan-start.ts'

/** The lane's row as its taker finds it. */
export interface FoundRow extends LaneMemory {
  /** Causes of a hold that a person has accepted. */
  accepted: readonly string[]
}

/** All that the lease has to do with. What waits for a server or for a person throws the signal's reason. */
export interface LeasePorts {
  /** Fences every earlier producer of the lane, once the group confirms the member. @throws EnrichmentError KAFKA_UNAVAILABLE */
  openProducer(signal: AbortSignal): Promise<LeaseProducer>
  /**
   * Takes the lane's row from whoever had it.
   *
   * @param onDrawn told of the new token and of the one that was found, before the transaction ends, whose answer may be lost
   */
  takeRow(
    onDrawn: (token: number, found: number) => void,
    signal: AbortSignal,
  ): Promise<{ token: number; former: number; lane: FoundRow }>
  /** Where the group stands in Kafka. */
  readOffsets(): Promise<KafkaLane>
  /** Whether the token is still the newest. @throws EnrichmentError LANE_LOST if it is not */
  demandHeld(token: number, signal: AbortSignal): Promise<void>
  /** Marks the requests that must run again, under the new token. */
  markReplays(position: LanePosition, token: number, signal: AbortSignal): Promise<void>
  /** Shows a person why the lane is blocked, and resolves once all of it is accepted and the membership confirmed. */
  waitForAcceptance(causes: readonly HoldCause[], lane: FoundRow, signal: AbortSignal): Promise<void>

  /** Whether the group has lately confirmed this member. */
  readonly isConfirmed: boolean
  /** Resolves once it has. */
  confirmed(signal: AbortSignal): Promise<void>
  /** Stores the number of a commit, before it; only over the number that was left there. @throws EnrichmentError LANE_LOST */
  countCommit(standing: Standing, commit: number, signal: AbortSignal): Promise<void>
  /** Stores where the lane stands, with which its start is over. @throws EnrichmentError LANE_LOST */
  storeStart(standing: Standing, signal: AbortSignal): Promise<void>
  /** Stores where it has come to, after a commit. @throws EnrichmentError LANE_LOST, DATABASE_UNAVAILABLE */
  storeProgress(standing: Standing): Promise<void>

  /** Told when the work in hand may not go on, before anything can be stored under the next token. */
  onWorkDropped(): void
  onTransition(from: PhaseKind, event: LeaseEvent, to: PhaseKind): void
}
