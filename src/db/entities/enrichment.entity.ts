import { defineEntity, p } from '@mikro-orm/core'

/** A failed attempt, as the dead letter's history and `show` tell it. */
export interface FailedAttempt {
  attempt: number
  /** ISO time. */
  at: string
  stage: string
  code: string
  message: string
}

/**
 * The ledger: a row per request, so that a crash or a repeat never pays twice for an answer that was stored.
 * Open while `decision` is null; then `decisionBytes` holds the result as it is published.
 */
const schema = defineEntity({
  name: 'Enrichment',
  tableName: 'enrichment',
  indexes: [{ properties: ['albumId'] }],
  properties: {
    requestId: p.uuid().primary(),
    albumId: p.text(),
    marketplace: p.text(),
    reason: p.text(),
    /** The delivery that the row belongs to; the same request delivered from elsewhere is a stale copy. */
    sourceTopic: p.text(),
    sourceOffset: p.bigint('bigint'),
    requestedAt: p.datetime(),
    startedAt: p.datetime(),
    attempt: p.integer(),
    /** Answers of the finished steps, by step (see Collaborators.step). */
    answers: p.json<Record<string, unknown>>(),
    failures: p.json<FailedAttempt[]>(),
    decision: p.enum(['result', 'dead_letter'] as const).nullable(),
    decisionBytes: p.blob().nullable(),
    decidedAt: p.datetime().nullable(),
    outcome: p.text().nullable(),
  },
})

export class Enrichment extends schema.class {}
schema.setClass(Enrichment)
