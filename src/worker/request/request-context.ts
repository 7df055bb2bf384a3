import type { CrashMarks } from '../../db/crash-marks.ts'
import type { Collaborators } from '../../enrich/enrich-album.ts'
import type { AlbumEnriched, EnrichmentRequested } from '../../events.ts'
import type { DeadLetterLimit } from '../../holds/dead-letter-limit.ts'
import type { RecordCodec } from '../../kafka/schema-registry.ts'
import type { Logger } from '../../log.ts'
import type { ModelCall } from '../../model/model.ts'
import type { RetryPolicy } from '../../retry/decide-retry.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { AlbumClock } from '../window/album-clock.ts'
import type { ExclusiveGate } from '../window/exclusive-gate.ts'
import type { KeyedMutex } from '../window/keyed-mutex.ts'

export type GivenCollaborators = Omit<Collaborators, 'step' | 'stage' | 'requestId' | 'earlier'>

/** What the work on a request has around it. */
export interface RequestContext {
  /** `retry` by the tier's label. */
  topics: { enriched: string; dead: string; retry: Record<string, string> }
  requested: RecordCodec<EnrichmentRequested>
  enriched: RecordCodec<AlbumEnriched>
  ledger: Ledger
  /** Finds what the process dies of before the ledger can count it. */
  marks: CrashMarks
  dependencies: Dependencies
  retryPolicy: RetryPolicy
  /** By the id in the request: its key may be anything that whoever sent it has put there. */
  albums: KeyedMutex
  gate: ExclusiveGate
  flood: DeadLetterLimit
  /** Everything of enrichAlbum's collaborators but the ledger's part. */
  collaboratorsFor(
    request: EnrichmentRequested,
    clock: AlbumClock,
    ofModel: { step: Collaborators['step']; onCall: (call: ModelCall) => void },
  ): GivenCollaborators
  /** Resolves once those that were started before have begun: until then it may be taken up, and no more. */
  turn: Promise<void>
  /** Told when the next album's turn has come. */
  onBegun(): void
  /** Ends all waiting of a process that is to stop; calls in the air go on. */
  stopping: AbortSignal
  log: Logger
}
