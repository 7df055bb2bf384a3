import type { Database } from '../db/database.ts'
import { Enrichment, type FailedAttempt } from '../db/entities/enrichment.entity.ts'
import type { Album, EnrichmentRequested } from '../events.ts'
import type { Delivery } from '../kafka/delivery.ts'

/** What is known of a request when it is taken up. */
export interface LedgerEntry {
  /** The newest facts of the album, which may be newer than the request's. */
  album: Album
  startedAt: number
  answers: Record<string, unknown>
  failures: FailedAttempt[]
  /** Whether the request came before, from another place: its result is not this delivery's to publish. */
  isStale: boolean
  /** Set once decided; a result has its bytes as they were (or are to be) published. */
  decision: { kind: 'result'; bytes: Buffer } | { kind: 'dead_letter' } | null
}

/**
 * The ledger of requests. Every method throws EnrichmentError DATABASE_UNAVAILABLE while PostgreSQL is away, and can
 * then be called again.
 */
export class Ledger {
  readonly #db: Database
  readonly #marketplace: string

  constructor(db: Database, marketplace: string) {
    this.#db = db
    this.#marketplace = marketplace
  }

  /** Takes a request up: merges its facts into the album's (newer ones win) and answers what is stored so far. */
  open(request: EnrichmentRequested, delivery: Delivery, now: number): Promise<LedgerEntry> {
    const { requestId, reason, album, requestedAt } = request
    return this.#db.transaction(async (em) => {
      await em.execute(
        `insert into album (album_id, facts, imported_at) values (?, ?::jsonb, ?)
         on conflict (album_id) do update set facts = excluded.facts, imported_at = excluded.imported_at
         where album.imported_at <= excluded.imported_at`,
        [album.albumId, JSON.stringify(album), new Date(album.importedAt)],
      )
      await em.execute(
        `insert into enrichment (request_id, album_id, marketplace, reason, source_topic, source_offset, requested_at,
           started_at, attempt, answers, failures)
         values (?, ?, ?, ?, ?, ?, ?, ?, 0, '{}', '[]') on conflict do nothing`,
        [
          requestId,
          album.albumId,
          this.#marketplace,
          reason,
          delivery.topic,
          String(delivery.offset),
          new Date(requestedAt),
          new Date(now),
        ],
      )
      const [facts] = await em.execute<{ facts: Album }[]>('select facts from album where album_id = ?', [
        album.albumId,
      ])
      const row = await em.findOneOrFail(Enrichment, { requestId })
      return {
        album: facts?.facts ?? album,
        startedAt: row.startedAt.getTime(),
        answers: row.answers,
        failures: row.failures,
        isStale: row.sourceTopic !== delivery.topic || BigInt(row.sourceOffset) !== delivery.offset,
        decision: toDecision(row),
      }
    })
  }

  async saveAnswer(requestId: string, step: string, answer: unknown): Promise<void> {
    await this.#db.query((em) =>
      em.execute(
        'update enrichment set answers = answers || jsonb_build_object(?::text, ?::jsonb) where request_id = ?',
        [step, JSON.stringify(answer), requestId],
      ),
    )
  }

  async saveFailure(requestId: string, failure: FailedAttempt): Promise<void> {
    await this.#db.query((em) =>
      em.execute('update enrichment set attempt = ?, failures = failures || ?::jsonb where request_id = ?', [
        failure.attempt,
        JSON.stringify([failure]),
        requestId,
      ]),
    )
  }

  /** MUST be stored before it is published, so that a crash in between publishes the same and not another. */
  async saveResult(requestId: string, outcome: string, bytes: Buffer, decidedAt: number): Promise<void> {
    await this.#decide(requestId, {
      decision: 'result',
      decisionBytes: bytes,
      outcome,
      decidedAt: new Date(decidedAt),
    })
  }

  async saveDeadLetter(requestId: string, decidedAt: number): Promise<void> {
    await this.#decide(requestId, { decision: 'dead_letter', decidedAt: new Date(decidedAt) })
  }

  async #decide(requestId: string, decision: Partial<Enrichment>): Promise<void> {
    await this.#db.query((em) => em.nativeUpdate(Enrichment, { requestId }, decision))
  }
}

function toDecision(row: Enrichment): LedgerEntry['decision'] {
  if (row.decision === 'dead_letter') return { kind: 'dead_letter' }
  if (row.decision !== 'result' || !row.decisionBytes) return null
  return { kind: 'result', bytes: Buffer.from(row.decisionBytes) }
}
