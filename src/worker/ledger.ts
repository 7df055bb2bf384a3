import { createHash } from 'node:crypto'
import { type Database, type EntityManager, LockMode } from '../db/database.ts'
import { AlbumRow } from '../db/entities/album.entity.ts'
import { Enrichment, type FailedAttempt } from '../db/entities/enrichment.entity.ts'
import type { OwnedLane } from '../db/lane.ts'
import { EnrichmentError } from '../errors.ts'
import type { Album, EnrichmentRequested } from '../events.ts'
import { type Claim, isClaimed, judgeDelivery, type LedgerRow, type RequestCopy } from './delivery-rule.ts'

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
  answers: Record<string, unknown>
  failures: FailedAttempt[]
  /** Milliseconds that its retry copies waited in the lane after they were due. */
  waitedMs: number
  /** Processes that began to work on it and were never heard of again. */
  deaths: number
}

export type Opening =
  | { kind: 'work'; job: Job }
  | { kind: 'publish'; decision: StoredDecision }
  /** It is no longer this copy's to end. */
  | { kind: 'stale' }

interface Delivered extends RequestCopy {
  /** When a retry copy was due; null for others. */
  notBefore: number | null
}

/**
 * The ledger of requests, in the hands of the lane's owner. Every method throws EnrichmentError LANE_LOST once the work
 * is no longer ours, and DATABASE_UNAVAILABLE while PostgreSQL is away; it can then be called again.
 */
export class Ledger {
  readonly #db: Database
  readonly #lane: OwnedLane
  readonly #marketplace: string
  readonly #processId: string

  /** @param processId tells this process from those before it */
  constructor(db: Database, lane: OwnedLane, marketplace: string, processId: string) {
    this.#db = db
    this.#lane = lane
    this.#marketplace = marketplace
    this.#processId = processId
  }

  /** Takes a request up: merges its facts into the album's (newer ones win) and judges what this delivery is. */
  open(request: EnrichmentRequested, delivered: Delivered, now: number, signal: AbortSignal): Promise<Opening> {
    const { requestId } = request
    return this.#lane.save(signal, async (em) => {
      const album = await mergeFacts(em, request)
      const found = await em.findOne(Enrichment, { requestId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      const verdict = judgeDelivery(found && toLedgerRow(found), delivered)
      if (verdict.kind !== 'work') return verdict
      const row = found ?? em.create(Enrichment, this.#newRow(request, now))
      em.persist(row)
      const { run, attempt, source, reached, again } = verdict.row
      const isSameDelivery = found !== null && !verdict.dropsAnswers && attempt === found.attempt
      Object.assign(row, { run, attempt, sourceTopic: source.topic, sourceOffset: source.offset, again })
      row.reached = Object.fromEntries(Object.entries(reached).map(([topic, offset]) => [topic, String(offset)]))
      Object.assign(row, { decision: null, decisionBytes: null, decisionHeaders: null, decidedAt: null, outcome: null })
      if (verdict.dropsAnswers) Object.assign(row, { answers: {}, failures: [], waitedMs: 0, begunBy: [] })
      if (!isSameDelivery && delivered.notBefore !== null) row.waitedMs += Math.max(0, now - delivered.notBefore)
      const factsId = fingerprint(album)
      if (row.factsId !== factsId) Object.assign(row, { factsId, answers: {} })
      return { kind: 'work', job: this.#toJob(row, album, verdict.row) }
    })
  }

  /** Notes that this process works on it, before it does: should the process die of it, the next one knows. */
  async begin({ requestId, claim }: Job, signal: AbortSignal): Promise<void> {
    await this.#change(requestId, claim, signal, (row) => {
      if (!row.begunBy.includes(this.#processId)) row.begunBy = [...row.begunBy, this.#processId]
    })
  }

  /** Takes back what `begin` noted for all open requests: this process did not die. Needs no possession of the lane. */
  async outlive(): Promise<void> {
    await this.#db.query((em) =>
      em.execute(
        `update enrichment set begun_by = begun_by - ?::text where decided_at is null and begun_by @> to_jsonb(?::text)`,
        [this.#processId, this.#processId],
      ),
    )
  }

  async saveAnswer({ requestId, claim }: Job, step: string, answer: unknown, signal: AbortSignal): Promise<void> {
    await this.#lane.save(signal, async (em) => {
      await this.#checkClaim(em, requestId, claim)
      await em.execute(
        'update enrichment set answers = answers || jsonb_build_object(?::text, ?::jsonb) where request_id = ?',
        [step, JSON.stringify(answer), requestId],
      )
    })
  }

  /** Replaces those of before. */
  async saveFailures({ requestId, claim }: Job, failures: FailedAttempt[], signal: AbortSignal): Promise<void> {
    await this.#change(requestId, claim, signal, (row) => {
      row.failures = failures
    })
  }

  /** MUST be stored before it is published, so that a crash in between publishes the same and not another. */
  async decide(
    { requestId, claim }: Job,
    { kind, topic, headers, bytes }: StoredDecision,
    outcome: string | null,
    decidedAt: number,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#change(requestId, claim, signal, (row) => {
      Object.assign(row, { decision: kind, decisionBytes: bytes, decisionHeaders: { topic, headers }, outcome })
      row.decidedAt = new Date(decidedAt)
      row.begunBy = []
    })
  }

  /**
   * Deletes rows of requests that ended before a time, whose delivery is committed, and of which there is no other record.
   * Of one that was retried or ran again there are copies: one may still be on its way however long that takes, and
   * another comes again when somebody moves an offset. Without the row it would be done anew, so the row stays, and only
   * its answers go. What was stored of links and verdicts stays as well.
   *
   * @param committed by topic where the lane stands
   * @returns how many rows were deleted
   */
  async prune(before: Date, committed: ReadonlyMap<string, bigint>, signal: AbortSignal): Promise<number> {
    const ended = `decided_at < ? and decision <> 'retry' and not again and source_topic = ? and source_offset < ?`
    const hasCopies = '(run > 1 or attempt > 0)'
    return this.#lane.save(signal, async (em) => {
      let pruned = 0
      for (const [topic, offset] of committed) {
        const values = [before, topic, String(offset)]
        const rows = await em.execute<object[]>(
          `delete from enrichment where ${ended} and not ${hasCopies} returning 1`,
          values,
        )
        pruned += rows.length
        await em.execute(
          `update enrichment set answers = '{}' where ${ended} and ${hasCopies} and answers <> '{}'`,
          values,
        )
      }
      return pruned
    })
  }

  async #change(requestId: string, claim: Claim, signal: AbortSignal, change: (row: Enrichment) => void) {
    await this.#lane.save(signal, async (em) => change(await this.#checkClaim(em, requestId, claim)))
  }

  async #checkClaim(em: EntityManager, requestId: string, claim: Claim): Promise<Enrichment> {
    const row = await em.findOne(Enrichment, { requestId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    if (row !== null && isClaimed(toLedgerRow(row), claim)) return row
    throw new EnrichmentError('LANE_LOST', `request ${requestId} went on without this process`)
  }

  #newRow({ requestId, reason, album, requestedAt }: EnrichmentRequested, now: number) {
    const { albumId } = album
    const key = { requestId, albumId, marketplace: this.#marketplace, reason }
    const times = { requestedAt: new Date(requestedAt), startedAt: new Date(now) }
    const source = { sourceTopic: '', sourceOffset: -1n, reached: {} }
    const progress = { attempt: 0, answers: {}, failures: [], begunBy: [], waitedMs: 0, factsId: '' }
    return { ...key, ...times, ...source, ...progress }
  }

  #toJob(row: Enrichment, album: Album, claim: Claim): Job {
    const { requestId, startedAt, answers, failures, waitedMs, begunBy } = row
    const deaths = begunBy.filter((processId) => processId !== this.#processId).length
    const { run, attempt, source } = claim
    return {
      requestId,
      claim: { run, attempt, source },
      album,
      startedAt: startedAt.getTime(),
      answers: { ...answers },
      failures: [...failures],
      waitedMs,
      deaths,
    }
  }
}

/** The album's facts, of which these may be the newest. */
async function mergeFacts(em: EntityManager, { album, source }: EnrichmentRequested): Promise<Album> {
  await em.execute(
    `insert into album (album_id, facts, imported_at, source_offset) values (?, ?::jsonb, ?, ?)
     on conflict (album_id) do update
     set facts = excluded.facts, imported_at = excluded.imported_at, source_offset = excluded.source_offset
     where (album.imported_at, album.source_offset) < (excluded.imported_at, excluded.source_offset)`,
    [album.albumId, JSON.stringify(album), new Date(album.importedAt), source?.offset ?? -1],
  )
  return (await em.findOne(AlbumRow, { albumId: album.albumId }))?.facts ?? album
}

/** Facts that give the same answers have the same one. */
function fingerprint(album: Album): string {
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(album).toSorted()))
    .digest('base64url')
}

/** The row as the delivery rule sees it. */
export function toLedgerRow(row: Enrichment): LedgerRow<StoredDecision> {
  const { run, attempt, sourceTopic, sourceOffset, reached, again, failures } = row
  const { decision: kind, decisionHeaders, decisionBytes } = row
  const bytes = decisionBytes ? Buffer.from(decisionBytes) : null
  const published = decisionHeaders ?? { topic: '', headers: {} }
  return {
    run,
    attempt,
    source: { topic: sourceTopic, offset: BigInt(sourceOffset) },
    reached: Object.fromEntries(Object.entries(reached).map(([topic, offset]) => [topic, BigInt(offset)])),
    again,
    decision: kind ? { kind, ...published, bytes, failures } : null,
  }
}
