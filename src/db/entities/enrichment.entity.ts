import { defineEntity, p } from '@mikro-orm/core'

/** A failed try, as the dead letter's history and `show` tell it. */
export interface FailedAttempt {
  /** Tries of the request so far, counted from 1. */
  attempt: number
  /** Ways through retry topics before it. */
  hops: number
  /** ISO time. */
  at: string
  stage: string
  code: string
  message: string
}

/**
 * The ledger: a row per request, so that a crash or a repeat never pays twice for an answer that was stored.
 * Open while `decision` is null; then the row holds what is published, as it is published.
 */
const schema = defineEntity({
  name: 'Enrichment',
  tableName: 'enrichment',
  indexes: [{ properties: ['albumId'] }, { properties: ['decidedAt'] }],
  properties: {
    requestId: p.uuid().primary(),
    albumId: p.text(),
    marketplace: p.text(),
    reason: p.text(),
    /** 1, and one more each time that somebody moved the offsets back to before the request. */
    run: p.integer().default(1),
    /** Hops through retry topics in this run. */
    attempt: p.integer(),
    /** The delivery that drives the row; the same request delivered from elsewhere is a stale copy. */
    sourceTopic: p.text(),
    sourceOffset: p.bigint('bigint'),
    /** By topic the highest offset from which the row was ever driven, as decimal text. */
    reached: p.json<Record<string, string>>().defaultRaw("'{}'"),
    /** Somebody moved an offset back to before the request: its next delivery begins a new run. */
    again: p.boolean().default(false),
    requestedAt: p.datetime(),
    startedAt: p.datetime(),
    /** Fingerprint of the album's facts that `answers` answer; other facts are asked for anew. */
    factsId: p.text().defaultRaw("''"),
    /** Processes that began to work on it and did not end well: each may have died of it. */
    begunBy: p.json<string[]>().defaultRaw("'[]'"),
    /** Milliseconds that its retry copies waited in the lane after they were due. */
    waitedMs: p.bigint('number').defaultRaw('0'),
    /** Answers of the finished steps, by step (see Collaborators.step). */
    answers: p.json<Record<string, unknown>>(),
    failures: p.json<FailedAttempt[]>(),
    decision: p.enum(['result', 'retry', 'dead_letter'] as const).nullable(),
    /** The result's value; a retry and a dead letter carry the request's own bytes. */
    decisionBytes: p.blob().nullable(),
    /** Topic and our own headers of what is published. */
    decisionHeaders: p.json<{ topic: string; headers: Record<string, string> }>().nullable(),
    decidedAt: p.datetime().nullable(),
    outcome: p.text().nullable(),
  },
})

export class Enrichment extends schema.class {}
schema.setClass(Enrichment)
