import { createHash } from 'node:crypto'
import { type EnrichmentError, type ErrorCode, toEnrichmentError } from '../../errors.ts'
import type { AlbumEnriched, EnrichmentRequested, Outcome } from '../../events.ts'
import type { Delivery, OutgoingRecord } from '../../kafka/delivery.ts'
import { MESSAGE_BYTES } from '../../kafka/event-topics.ts'
import { fitsInto } from '../../kafka/record-size.ts'
import type { RecordCodec } from '../../kafka/schema-registry.ts'
import type { Logger } from '../../log.ts'
import { metrics } from '../../metrics.ts'
import { toDeadLetter, toDeadLetterHeaders } from '../../retry/dead-letter.ts'
import type { RetryPolicy } from '../../retry/decide-retry.ts'
import { readRetryHeaders, toRetryHeaders, withoutOwnHeaders } from '../../retry/retry-headers.ts'
import { chooseTier } from '../../retry/retry-tiers.ts'
import type { RetryTier } from '../../retry-delays.ts'
import { toRetryCopy } from '../ledger/delivery-rule.ts'
import type { Job, StoredDecision } from '../ledger/job.ts'

/** What a delivery ends in, and what is to be said once it is published. */
export interface Publication {
  /** Empty for a stale copy, which has no result of its own. */
  records: OutgoingRecord[]
  report(): void
}

export interface Settled {
  decision: StoredDecision
  decided: Publication
}

interface Context {
  topics: { enriched: string; dead: string; retry: Record<string, string> }
  requested: RecordCodec<EnrichmentRequested>
  enriched: RecordCodec<AlbumEnriched>
  retryPolicy: RetryPolicy
  log: Logger
}

/** A result; with artwork that may be had later, also the request that will try. */
export async function decideResult(
  delivery: Delivery,
  request: EnrichmentRequested,
  event: AlbumEnriched,
  bytes: Buffer,
  job: Job,
  context: Context,
): Promise<Settled> {
  const decision: StoredDecision = {
    kind: 'result',
    topic: context.topics.enriched,
    headers: {},
    bytes,
    failures: job.failures,
  }
  return { decision, decided: await toResult(delivery, { ...request, album: job.album }, event, bytes, context) }
}

/**
 * The same request once more when the tier's delay is over.
 *
 * @param hop `counts`: whether it failed, or was only asked to come later; `stoodMs`: time of this delivery that adds
 *   nothing to the request's age
 */
export function decideRetryCopy(
  delivery: Delivery,
  request: EnrichmentRequested,
  job: Job,
  error: EnrichmentError,
  stage: string,
  { tier, counts, stoodMs }: { tier: RetryTier; counts: boolean; stoodMs: number },
  context: Context,
): Settled {
  const now = Date.now()
  const notBefore = now + tier.delayMs
  const { uncounted } = readRetryHeaders(delivery.headers)
  const headers = toRetryHeaders(delivery, {
    ...toRetryCopy(job.claim),
    firstFailedAt: firstFailureOf(job),
    notBefore,
    // Before the first failure there is no age that anything could be added to.
    waitsSince: job.failures.length > 0 ? (counts ? notBefore : now) - stoodMs : undefined,
    uncounted: counts ? uncounted : uncounted + 1,
    stage,
    error,
    requestId: request.requestId,
  })
  const topic = retryTopic(context, tier)
  const decision: StoredDecision = { kind: 'retry', topic, headers, bytes: null, failures: job.failures }
  return { decision, decided: toRetry(delivery, decision) }
}

/** @param job undefined for a record that is no request */
export function decideDeadLetter(
  delivery: Delivery,
  request: EnrichmentRequested | undefined,
  job: Job | undefined,
  error: EnrichmentError,
  stage: string,
  context: Context,
): Settled {
  const givenUp = {
    error,
    stage,
    run: job?.claim.run ?? 1,
    attempt: Math.max(job?.failures.length ?? 0, 1),
    firstFailedAt: firstFailureOf(job),
    requestId: request?.requestId,
    ...(job && { history: job.failures }),
  }
  const { topics, log } = context
  const headers = toDeadLetterHeaders(delivery, givenUp)
  const failures = job?.failures ?? []
  const decision: StoredDecision = { kind: 'dead_letter', topic: topics.dead, headers, bytes: null, failures }
  const record = toDeadLetter(topics.dead, delivery, givenUp)
  return { decision, decided: toGivenUp(record, request, error, { run: givenUp.run, attempt: failures.length }, log) }
}

/** A decision that was stored and, as far as Kafka knows, not published. */
export async function republish(
  delivery: Delivery,
  request: EnrichmentRequested,
  decision: StoredDecision,
  context: Context,
): Promise<Publication> {
  const { kind, headers, topic, bytes, failures } = decision
  if (kind === 'retry') return toRetry(delivery, decision)
  if (kind === 'result' && bytes !== null) return republishResult(delivery, request, bytes, context)
  const run = Number(headers['enricher-run'])
  const error = {
    code: headers['enricher-error-code'] as ErrorCode,
    message: headers['enricher-error-message'] ?? '',
  }
  const record = toDeadLetter(topic, delivery, {
    error,
    stage: headers['enricher-stage'] ?? 'worker',
    run,
    attempt: Number(headers['enricher-attempt']),
    firstFailedAt: Date.parse(headers['enricher-first-failed-at'] ?? ''),
    requestId: request.requestId,
    history: failures,
  })
  return toGivenUp(record, request, error, { run, attempt: failures.length }, context.log)
}

/** What a newer build has stored may be no reading for this one, after a roll-back; its readers may know better. */
async function republishResult(
  delivery: Delivery,
  request: EnrichmentRequested,
  bytes: Buffer,
  context: Context,
): Promise<Publication> {
  try {
    return await toResult(delivery, request, await context.enriched.decode(bytes), bytes, context)
  } catch (thrown) {
    const { code, message } = toEnrichmentError(thrown)
    if (code !== 'RECORD_UNDECODABLE' && code !== 'SCHEMA_UNKNOWN') throw thrown
    const { albumId, title } = request.album
    const { record } = toResultRecord(delivery, albumId, bytes, context)
    const fields = { albumId, title, requestId: request.requestId, code, reason: message }
    return { records: [record], report: () => context.log.warn(fields, 'result of another build published unread') }
  }
}

/** A request that counts no more: nothing is published, and why is told with these fields of the album. */
function skip(
  { topic, offset }: Delivery,
  { requestId }: EnrichmentRequested,
  album: { albumId: string; title?: string },
  why: string,
  log: Logger,
): Publication {
  return {
    records: [],
    report() {
      metrics.staleCopies.inc()
      log.info({ ...album, requestId, topic, offset: String(offset) }, why)
    },
  }
}

export function skipStale(delivery: Delivery, request: EnrichmentRequested, log: Logger): Publication {
  const { albumId, title } = request.album
  return skip(delivery, request, { albumId, title }, 'stale copy skipped', log)
}

/** Nothing of the album is said but its id: it is to be known no more. */
export function skipForgotten(delivery: Delivery, request: EnrichmentRequested, log: Logger): Publication {
  return skip(delivery, request, { albumId: request.album.albumId }, 'request of a forgotten album skipped', log)
}

async function toResult(
  delivery: Delivery,
  request: EnrichmentRequested,
  event: AlbumEnriched,
  bytes: Buffer,
  context: Context,
): Promise<Publication> {
  const { albumId, title, requestId, run, outcome, attempts, marketplace, startedAt, finishedAt } = event
  const { record: result, isWhole } = toResultRecord(delivery, albumId, bytes, context)
  const isPending = event.artwork.status === 'pending'
  return {
    records: isPending ? [result, await requestArtwork(delivery, request, event, context)] : [result],
    report() {
      metrics.results.inc({ outcome: outcome satisfies Outcome, marketplace })
      metrics.lastResult.set(finishedAt / 1_000)
      const durationMs = finishedAt - startedAt
      const fields = { albumId, title, requestId, run }
      context.log.info({ ...fields, attempt: attempts, outcome, durationMs }, 'album enriched')
      if (!isWhole) context.log.warn(fields, 'headers of the request too large for the result')
    },
  }
}

/** Refused at its commit it would hold up the lane for ever, so headers that are too large stay behind. */
function toResultRecord(
  { headers }: Delivery,
  key: string,
  value: Buffer,
  { topics }: Context,
): { record: OutgoingRecord; isWhole: boolean } {
  const bare = { topic: topics.enriched, key, value }
  const whole = { ...bare, headers: withoutOwnHeaders(headers) }
  const isWhole = fitsInto(whole, MESSAGE_BYTES.result)
  return { record: isWhole ? whole : bare, isWhole }
}

/**
 * A request of its own for the artwork alone. Made from the result alone, so that a repeat makes the same; with the time of
 * what was asked for, so that it is skipped if that was.
 */
async function requestArtwork(
  delivery: Delivery,
  { album }: EnrichmentRequested,
  { resultId, requestedAt, finishedAt, artwork, run }: AlbumEnriched,
  context: Context,
): Promise<OutgoingRecord> {
  const requestId = idFrom(`artwork of ${resultId}`)
  const request = { requestId, reason: 'artwork' as const, stages: ['artwork' as const], album, source: null }
  const tier = chooseTier(context.retryPolicy.tiers, 0)
  const headers = toRetryHeaders(delivery, {
    run,
    attempt: 1,
    firstFailedAt: finishedAt,
    notBefore: finishedAt + tier.delayMs,
    stage: 'artwork',
    error: { code: (artwork.errorCode ?? 'ARTWORK_UNAVAILABLE') as ErrorCode, message: `artwork of ${album.albumId}` },
    requestId,
  })
  return {
    topic: retryTopic(context, tier),
    key: album.albumId,
    value: await context.requested.encode({ ...request, requestedAt }),
    headers: { ...withoutOwnHeaders(delivery.headers), ...headers, 'enricher-run': '1' },
  }
}

function toRetry(delivery: Delivery, { topic, headers }: StoredDecision): Publication {
  const { key, value } = delivery
  const tier = topic.split('.').at(-1) ?? ''
  return {
    records: [{ topic, key, value, headers: { ...withoutOwnHeaders(delivery.headers), ...headers } }],
    report: () => metrics.retries.inc({ tier, code: headers['enricher-error-code'] ?? '' }),
  }
}

function toGivenUp(
  record: OutgoingRecord,
  request: EnrichmentRequested | undefined,
  { code, message }: { code: ErrorCode; message: string },
  counts: { run: number; attempt: number },
  log: Logger,
): Publication {
  return {
    records: [record],
    report() {
      metrics.deadLetters.inc({ code })
      const { albumId, title } = request?.album ?? {}
      const fields = { albumId, title, requestId: request?.requestId, ...counts }
      log.error({ ...fields, code, reason: message }, 'album dead-lettered')
    },
  }
}

function retryTopic({ topics }: Context, { label }: RetryTier): string {
  const topic = topics.retry[label]
  if (topic === undefined) throw new RangeError(`no topic for tier ${label}`)
  return topic
}

const firstFailureOf = (job: Job | undefined) => {
  const [first] = job?.failures ?? []
  return first === undefined ? Date.now() : Date.parse(first.at)
}

/** A UUID that is always the same for the same text. */
function idFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
