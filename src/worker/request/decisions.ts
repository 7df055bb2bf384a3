import type { EnrichmentError, ErrorCode } from '../../errors.ts'
import type { AlbumEnriched, EnrichmentRequested } from '../../events.ts'
import type { Delivery } from '../../kafka/delivery.ts'
import { toDeadLetter, toDeadLetterHeaders } from '../../retry/dead-letter.ts'
import { readRetryHeaders, toRetryHeaders } from '../../retry/retry-headers.ts'
import type { RetryTier } from '../../retry-delays.ts'
import { toRetryCopy } from '../ledger/delivery-rule.ts'
import type { Job, StoredDecision } from '../ledger/job.ts'
import {
  type Publication,
  type PublicationContext,
  republishResult,
  retryTopic,
  toGivenUp,
  toResult,
  toRetry,
} from './publications.ts'

/** What is stored of a decision, and what is published for it. */
export interface Settled {
  decision: StoredDecision
  decided: Publication
}

/** A result; with artwork that may be had later, also the request that will try. */
export async function decideResult(
  delivery: Delivery,
  request: EnrichmentRequested,
  event: AlbumEnriched,
  bytes: Buffer,
  job: Job,
  context: PublicationContext,
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
  context: PublicationContext,
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

/** @param job undefined for what the ledger could not open: of a retry copy its headers say who it is */
export function decideDeadLetter(
  delivery: Delivery,
  request: EnrichmentRequested | undefined,
  job: Job | undefined,
  error: EnrichmentError,
  stage: string,
  context: PublicationContext,
): Settled {
  const copy = readRetryHeaders(delivery.headers)
  const { run, attempt } = job ? { run: job.claim.run, attempt: job.failures.length } : copy
  const requestId = request?.requestId ?? copy.requestId ?? undefined
  const givenUp = {
    ...{ error, stage, run, attempt: Math.max(attempt, 1), requestId },
    firstFailedAt: job ? firstFailureOf(job) : (copy.firstFailedAt ?? Date.now()),
    ...(job && { history: job.failures }),
  }
  const { topics, log } = context
  const headers = toDeadLetterHeaders(delivery, givenUp)
  const failures = job?.failures ?? []
  const decision: StoredDecision = { kind: 'dead_letter', topic: topics.dead, headers, bytes: null, failures }
  const record = toDeadLetter(topics.dead, delivery, givenUp)
  return { decision, decided: toGivenUp(record, request, error, { requestId, run, attempt }, log) }
}

/** A decision that was stored and, as far as Kafka knows, not published. */
export async function republish(
  delivery: Delivery,
  request: EnrichmentRequested,
  decision: StoredDecision,
  context: PublicationContext,
): Promise<Publication> {
  const { kind, headers, topic, bytes, failures } = decision
  if (kind === 'retry') return toRetry(delivery, decision)
  if (kind === 'result' && bytes !== null) return republishResult(delivery, request, bytes, context)
  const { requestId } = request
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
    requestId,
    history: failures,
  })
  return toGivenUp(record, request, error, { requestId, run, attempt: failures.length }, context.log)
}

const firstFailureOf = ({ failures: [first] }: Job) => (first === undefined ? Date.now() : Date.parse(first.at))
