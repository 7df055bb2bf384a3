import { createHash } from 'node:crypto'
import { type ErrorCode, toEnrichmentError } from '../../errors.ts'
import type { AlbumEnriched, EnrichmentRequested, Outcome } from '../../events.ts'
import type { Delivery, OutgoingRecord } from '../../kafka/delivery.ts'
import { MESSAGE_BYTES } from '../../kafka/event-topics.ts'
import { fitsInto } from '../../kafka/record-size.ts'
import type { RecordCodec } from '../../kafka/schema-registry.ts'
import type { Logger } from '../../log.ts'
import { metrics } from '../../metrics.ts'
import type { RetryPolicy } from '../../retry/decide-retry.ts'
import { toRetryHeaders, withoutOwnHeaders } from '../../retry/retry-headers.ts'
import { chooseTier } from '../../retry/retry-tiers.ts'
import type { RetryTier } from '../../retry-delays.ts'
import type { StoredDecision } from '../ledger/job.ts'

/** What a delivery ends in, and what is to be said once it is published. */
export interface Publication {
  /** Empty for a stale copy, which has no result of its own. */
  records: OutgoingRecord[]
  report(): void
}

/** What publications are made with. */
export interface PublicationContext {
  topics: { enriched: string; dead: string; retry: Record<string, string> }
  requested: RecordCodec<EnrichmentRequested>
  enriched: RecordCodec<AlbumEnriched>
  retryPolicy: RetryPolicy
  log: Logger
}

/** A result; with artwork that may be had later, also the request that will try. */
export async function toResult(
  delivery: Delivery,
  request: EnrichmentRequested,
  event: AlbumEnriched,
  bytes: Buffer,
  context: PublicationContext,
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
  { topics }: PublicationContext,
): { record: OutgoingRecord; isWhole: boolean } {
  const bare = { topic: topics.enriched, key, value }
  const whole = { ...bare, headers: withoutOwnHeaders(headers) }
  const isWhole = fitsInto(whole, MESSAGE_BYTES.result)
  return { record: isWhole ? whole : bare, isWhole }
}

/**
 * A request of its own for the artwork alone. Made from the result, its request and the record it came in, so that a repeat
 * makes the same, but where the first tier's delay was set anew meanwhile; with the time of what was asked for, so that it is
 * skipped if that was.
 */
async function requestArtwork(
  delivery: Delivery,
  { album }: EnrichmentRequested,
  { resultId, requestedAt, finishedAt, artwork }: AlbumEnriched,
  context: PublicationContext,
): Promise<OutgoingRecord> {
  const requestId = idFrom(`artwork of ${resultId}`)
  const request = { requestId, reason: 'artwork' as const, stages: ['artwork' as const], album, source: null }
  const tier = chooseTier(context.retryPolicy.tiers, 0)
  const headers = toRetryHeaders(delivery, {
    run: 1,
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
    headers: { ...withoutOwnHeaders(delivery.headers), ...headers },
  }
}

/** The same request once more, as was decided. */
export function toRetry(delivery: Delivery, { topic, headers }: StoredDecision): Publication {
  const { key, value } = delivery
  const tier = topic.split('.').at(-1) ?? ''
  return {
    records: [{ topic, key, value, headers: { ...withoutOwnHeaders(delivery.headers), ...headers } }],
    report: () => metrics.retries.inc({ tier, code: headers['enricher-error-code'] ?? '' }),
  }
}

/** @param record the dead letter */
export function toGivenUp(
  record: OutgoingRecord,
  request: EnrichmentRequested | undefined,
  { code, message }: { code: ErrorCode; message: string },
  known: { requestId: string | undefined; run: number; attempt: number },
  log: Logger,
): Publication {
  return {
    records: [record],
    report() {
      metrics.deadLetters.inc({ code })
      const { albumId, title } = request?.album ?? {}
      const fields = { albumId, title, ...known }
      log.error({ ...fields, code, reason: message }, 'album dead-lettered')
    },
  }
}

/** @throws RangeError for a tier of other settings */
export function retryTopic({ topics }: PublicationContext, { label }: RetryTier): string {
  const topic = topics.retry[label]
  if (topic === undefined) throw new RangeError(`no topic for tier ${label}`)
  return topic
}

/** What a newer build has stored may be no reading for this one, after a roll-back; its readers may know better. */
export async function republishResult(
  delivery: Delivery,
  request: EnrichmentRequested,
  bytes: Buffer,
  context: PublicationContext,
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

/** A UUID that is always the same for the same text. */
function idFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
