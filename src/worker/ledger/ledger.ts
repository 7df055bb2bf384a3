import type { Database } from '../../db/database.ts'
import { discardImage } from '../../db/discarded-images.ts'
import type { FailedAttempt } from '../../db/entities/enrichment.entity.ts'
import { isForgotten } from '../../db/forgotten.ts'
import type { Statement } from '../../db/prepared.ts'
import type { Enrichment } from '../../enrich/enrich-album.ts'
import { EnrichmentError } from '../../errors.ts'
import type { EnrichmentRequested } from '../../events.ts'
import { toEffects } from './effects.ts'
import type { Delivered, Job, Opening, StoredDecision } from './job.ts'
import type { OwnedStores } from './owned-stores.ts'
import type { ChangeRow, ClaimRow } from './statements.ts'
import { StoreQueue } from './store-queue.ts'
import { type Answer, type Store, writeGroup } from './write-group.ts'

const CLEAR_IN_FLIGHT: Statement = {
  name: 'update enrichment set begun_by',
  text: 'update enrichment set begun_by = begun_by - $1::text where decided_at is null and begun_by @> to_jsonb($1::text)',
}

/** What a run ended in. */
interface End {
  decision: StoredDecision
  outcome: string | null
  /** Milliseconds since 1970. */
  decidedAt: number
  /** What a result was made of: it is stored with the result, whole or not at all. */
  enrichment: Enrichment | null
}

/**
 * The ledger of requests, in the hands of the lane's owner. An album stores when it is taken up, after each answer that is
 * paid for, and at its end; each store is committed before its promise resolves. Stores of all albums are written in groups.
 *
 * Every method throws EnrichmentError LANE_LOST once the work is no longer ours, ALBUM_FORGOTTEN once it is nobody's, and
 * DATABASE_UNAVAILABLE while PostgreSQL is away; it can then be called again.
 */
export class Ledger {
  readonly #db: Database
  readonly #stores: OwnedStores
  readonly #context: { marketplace: string; lane: string; processId: string }
  readonly #queue: StoreQueue<Store, Answer>

  /** @param processId tells this process from those before it */
  constructor(db: Database, stores: OwnedStores, marketplace: string, processId: string) {
    this.#db = db
    this.#stores = stores
    this.#context = { marketplace, lane: stores.lane, processId }
    this.#queue = new StoreQueue(stores.ownership, (group) =>
      stores.save((query) => writeGroup(group, query, this.#context)),
    )
  }

  /**
   * Takes a request up: merges its facts into the album's (newer ones win), judges what this delivery is, and notes that
   * this process works on it, unless it is suspected of killing processes: see `begin`.
   *
   * @param now milliseconds since 1970
   */
  async open(request: EnrichmentRequested, delivered: Delivered, now: number, signal: AbortSignal): Promise<Opening> {
    const { requestId, album } = request
    const taking = { request, delivered, now }
    const opening = await this.#queue.add({ kind: 'open', requestId, albumId: album.albumId, taking }, signal)
    // Only claims can be lost.
    if (typeof opening === 'string') throw new EnrichmentError('INTERNAL', `request ${requestId} was not taken up`)
    return opening
  }

  /** Notes that this process works on one that is suspected of killing processes, now that it is alone. */
  async begin(job: Job, signal: AbortSignal): Promise<void> {
    await this.#change(job, { begun_by: this.#context.processId }, signal)
  }

  /** Takes back that this process works on the open requests: it did not die. Needs no lease of the lane. */
  async clearInFlight(): Promise<void> {
    await this.#db.run(CLEAR_IN_FLIGHT, [this.#context.processId])
  }

  async saveAnswer(job: Job, step: string, answer: unknown, signal: AbortSignal): Promise<void> {
    await this.#change(job, { answers: { [step]: answer } }, signal)
    job.answers[step] = answer
  }

  /** Whether `saveAnswer` will have to wait until it is known whose the lane is. */
  get isInDoubt(): boolean {
    return this.#stores.isInDoubt
  }

  /**
   * Stores an answer at once where `saveAnswer`, which comes after it all the same, waits: while the lane is in doubt. A
   * process that is killed as it waits would have paid for nothing. What hinders it, `saveAnswer` is told as well.
   */
  async saveAnswerInDoubt(job: Job, step: string, answer: unknown): Promise<void> {
    const { requestId, album } = job
    const row = { ...toClaimRow(job), answers: { [step]: answer } }
    const store: Store = { kind: 'change', requestId, albumId: album.albumId, row, modelCalls: [] }
    await this.#stores.saveInDoubt((query) => writeGroup([store], query, this.#context)).catch(() => undefined)
  }

  /** Replaces those of before. */
  async saveFailures(job: Job, failures: FailedAttempt[], signal: AbortSignal): Promise<void> {
    await this.#change(job, { failures }, signal)
  }

  /** MUST be stored before it is published, so that a crash in between publishes the same and not another. */
  async decide(job: Job, { decision, outcome, decidedAt, enrichment }: End, signal: AbortSignal): Promise<void> {
    const { requestId, album } = job
    const { albumId } = album
    const { kind, topic, headers, bytes } = decision
    const row = {
      ...toClaimRow(job),
      decision: kind,
      bytes: bytes?.toString('base64') ?? null,
      headers: { topic, headers },
      outcome,
      decided_at: new Date(decidedAt).toISOString(),
    }
    const effects = enrichment && toEffects(enrichment, { albumId, requestId, now: decidedAt })
    const store = { kind: 'decide' as const, requestId, albumId, row, effects, modelCalls: [...job.modelCalls] }
    try {
      await this.#claim(job, store, signal)
    } catch (error) {
      const { code } = error as { code?: string }
      const key = enrichment?.isNew.artwork ? enrichment.artwork.key : null
      if (code === 'ALBUM_FORGOTTEN' && key !== null) await discardImage(this.#db, this.#context.marketplace, key)
      throw error
    }
  }

  async #change(job: Job, change: Omit<ChangeRow, keyof ClaimRow>, signal: AbortSignal): Promise<void> {
    const { requestId, album } = job
    const row = { ...toClaimRow(job), ...change }
    const modelCalls = [...job.modelCalls]
    await this.#claim(job, { kind: 'change', requestId, albumId: album.albumId, row, modelCalls }, signal)
  }

  async #claim(job: Job, store: Store & { modelCalls: object[] }, signal: AbortSignal): Promise<void> {
    const answer = await this.#queue.add(store, signal)
    if (answer === 'done') {
      job.modelCalls = job.modelCalls.filter((call) => !store.modelCalls.includes(call))
      return
    }
    const { requestId, albumId } = store
    if (await isForgotten(this.#db, albumId, requestId))
      throw new EnrichmentError('ALBUM_FORGOTTEN', `album ${albumId} was forgotten while it was worked on`)
    throw new EnrichmentError('LANE_LOST', `request ${requestId} went on without this process`)
  }
}

function toClaimRow({ requestId, claim: { run, attempt, source } }: Job): ClaimRow {
  return { request_id: requestId, run, attempt, topic: source.topic, source_offset: String(source.offset) }
}
