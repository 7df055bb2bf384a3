import type { FailedAttempt } from '../../db/entities/enrichment.entity.ts'
import type { StoredModelCall } from '../../db/model-calls.ts'
import type { Earlier } from '../../enrich/earlier.ts'
import type { Album } from '../../events.ts'
import type { Claim, RequestCopy } from './delivery-rule.ts'

/** What a run came to, as it is published: kept before it is published, so that a crash in between publishes the same. */
export interface StoredDecision {
  kind: 'result' | 'retry' | 'dead_letter'
  topic: string
  /** Our own headers; those of the request go with them. */
  headers: Record<string, string>
  /** The result's value; null for the others, which carry the request's own bytes. */
  bytes: Buffer | null
  failures: FailedAttempt[]
}

/** A request that is worked on. */
export interface Job {
  requestId: string
  claim: Claim
  /** The newest facts of the album, which may be newer than the request's. */
  album: Album
  /** When the request was first taken up, milliseconds since 1970. */
  startedAt: number
  /** What was paid for before, by step. */
  answers: Record<string, unknown>
  /** What earlier requests have stored of the album. */
  earlier: Earlier
  /** When the album's last result was decided, milliseconds since 1970; 0 when it has none. */
  lastFinishedAt: number
  failures: FailedAttempt[]
  /** Calls of the model that its next store takes along. */
  modelCalls: StoredModelCall[]
  /** Milliseconds that its retry copies waited in the lane after they were due. */
  waitedMs: number
  /** Processes that began to work on it and were never heard of again. */
  deaths: number
}

export type Opening =
  | { kind: 'work'; job: Job }
  | { kind: 'publish'; decision: StoredDecision }
  /** Its album is to be known no more. */
  | { kind: 'forgotten' }
  /** It is no longer this copy's to end. */
  | { kind: 'stale' }

export interface Delivered extends RequestCopy {
  /** Since when a retry copy's waiting adds nothing to its age; null for others. */
  notBefore: number | null
}

/** A process that died in so many deliveries of a request works on it alone; if that one dies too, it is given up. */
export const SUSPECT_DEATHS = 3
