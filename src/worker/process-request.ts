import { setTimeout as delay } from 'node:timers/promises'
import type { FailedAttempt } from '../db/entities/enrichment.entity.ts'
import { type Collaborators, type Enrichment, enrichAlbum, type Step } from '../enrich/enrich-album.ts'
import { EnrichmentError, toEnrichmentError } from '../errors.ts'
import type { AlbumEnriched, EnrichmentRequested, Outcome, Stage } from '../events.ts'
import type { Delivery, OutgoingRecord } from '../kafka/delivery.ts'
import type { RecordCodec } from '../kafka/schema-registry.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { toDeadLetter } from '../retry/dead-letter.ts'
import { decideRetry, isOutage } from '../retry/decide-retry.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import { toAlbumEnriched } from './to-album-enriched.ts'

export interface RequestContext {
  topics: { enriched: string; dead: string }
  requested: RecordCodec<EnrichmentRequested>
  enriched: RecordCodec<AlbumEnriched>
  ledger: Ledger
  /** Everything of enrichAlbum's collaborators that does not depend on the request. */
  collaboratorsFor(requestId: string): Omit<Collaborators, 'step'>
  log: Logger
}

/** The one record that a request ends in, and what is to be said once it is published. */
export interface Decided {
  /** null for a stale copy, which has no result of its own. */
  record: OutgoingRecord | null
  report(): void
}

/** Without retry topics a request ends after its quick tries. */
const IN_PLACE_ONLY = { tiers: [], deadlineMs: 0 }

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Takes one delivered request to its end: a result, or a dead letter after the last attempt.
 *
 * @param signal aborted when the work must be given up; what was stored by then is used next time
 * @throws EnrichmentError only for a server of our own that is away (see decideRetry's "wait"), and when aborted
 */
export async function processRequest(
  delivery: Delivery,
  context: RequestContext,
  signal: AbortSignal,
): Promise<Decided> {
  const { ledger, topics, log } = context
  let request: EnrichmentRequested
  try {
    if (delivery.value === null) throw new EnrichmentError('RECORD_INVALID', 'the request has no value: send a request')
    request = await context.requested.decode(delivery.value)
    if (!UUID.test(request.requestId)) {
      throw new EnrichmentError('RECORD_INVALID', `requestId is ${JSON.stringify(request.requestId)}: give it a UUID`)
    }
  } catch (thrown) {
    const error = toEnrichmentError(thrown)
    if (isOutage(error.code)) throw error
    return giveUp(delivery, error, [], undefined, context)
  }

  const entry = await ledger.open(request, delivery, Date.now())
  const fields = { albumId: request.album.albumId, title: request.album.title, requestId: request.requestId, run: 1 }
  if (entry.isStale) return skipStale(delivery, fields, log)
  if (entry.decision?.kind === 'result') return publishStored(delivery, request, entry.decision.bytes, context)
  if (entry.decision?.kind === 'dead_letter')
    return giveUp(delivery, lastError(entry.failures), entry.failures, request, context)

  log.info({ ...fields, attempt: entry.failures.length + 1 }, 'album enrichment started')
  for (;;) {
    const attempt = entry.failures.length + 1
    let stage: Stage | 'result' = 'search'
    const step = async <T>(name: Step, run: () => Promise<T>): Promise<T> => {
      stage = stageOf(name)
      return checkpoint(name, run, request.requestId, entry, ledger)
    }
    try {
      const collaborators = { ...context.collaboratorsFor(request.requestId), step }
      const enrichment = await enrichAlbum(entry.album, collaborators, signal)
      stage = 'result'
      const { startedAt } = entry
      const circumstances = {
        marketplace: collaborators.marketplace,
        attempts: attempt,
        startedAt,
        finishedAt: Date.now(),
      }
      const event = toAlbumEnriched({ ...request, album: entry.album }, enrichment, circumstances)
      const bytes = await context.enriched.encode(event)
      await ledger.saveResult(request.requestId, event.outcome, bytes, event.finishedAt)
      countVerdicts(enrichment)
      return toDecided(delivery, topics.enriched, event, bytes, log)
    } catch (thrown) {
      const error = toEnrichmentError(thrown)
      const { code, retryAfterMs } = error
      const decision = decideRetry({ code, retryAfterMs, tries: attempt, attempt: 0, ageMs: 0 }, IN_PLACE_ONLY)
      if (signal.aborted || decision.kind === 'wait') throw error
      const failure = { attempt, at: new Date().toISOString(), stage, code: error.code, message: error.message }
      await ledger.saveFailure(request.requestId, failure)
      entry.failures.push(failure)
      if (decision.kind !== 'again') {
        await ledger.saveDeadLetter(request.requestId, Date.now())
        return giveUp(delivery, error, entry.failures, request, context)
      }
      log.debug({ ...fields, attempt, code: error.code, reason: error.message }, 'album will be retried')
      await delay(decision.afterMs, undefined, { signal })
    }
  }
}

function countVerdicts({ candidates, artwork }: Enrichment): void {
  for (const { decidedBy, verdict } of candidates) metrics.verdicts.inc({ by: decidedBy, verdict })
  metrics.artwork.inc({ status: artwork.status })
}

const stageOf = (name: Step) => name.split('.')[0] as Stage

/** A step's stored answer, or the answer of running it, stored before the next step begins. */
async function checkpoint<T>(
  name: Step,
  run: () => Promise<T>,
  requestId: string,
  entry: LedgerEntry,
  ledger: Ledger,
): Promise<T> {
  if (name in entry.answers) return entry.answers[name] as T
  const stop = metrics.stageDuration.startTimer({ stage: stageOf(name) })
  const answer = await run()
  stop()
  await ledger.saveAnswer(requestId, name, answer)
  entry.answers[name] = answer
  return answer
}

function skipStale({ topic, offset }: Delivery, fields: object, log: Logger): Decided {
  return {
    record: null,
    report() {
      metrics.staleCopies.inc()
      log.info({ ...fields, topic, offset: String(offset) }, 'stale copy skipped')
    },
  }
}

async function publishStored(
  delivery: Delivery,
  request: EnrichmentRequested,
  bytes: Buffer,
  { topics, enriched, log }: RequestContext,
): Promise<Decided> {
  const event = await enriched.decode(bytes)
  return toDecided(delivery, topics.enriched, { ...event, requestId: request.requestId }, bytes, log)
}

function toDecided(delivery: Delivery, topic: string, event: AlbumEnriched, bytes: Buffer, log: Logger): Decided {
  const { albumId, title, requestId, run, outcome, attempts, marketplace, startedAt, finishedAt } = event
  return {
    record: { topic, key: albumId, value: bytes, headers: delivery.headers },
    report() {
      metrics.results.inc({ outcome: outcome satisfies Outcome, marketplace })
      metrics.lastResult.set(finishedAt / 1_000)
      const durationMs = finishedAt - startedAt
      log.info({ albumId, title, requestId, run, attempt: attempts, outcome, durationMs }, 'album enriched')
    },
  }
}

function giveUp(
  delivery: Delivery,
  error: EnrichmentError,
  failures: FailedAttempt[],
  request: EnrichmentRequested | undefined,
  { topics, log }: RequestContext,
): Decided {
  const last = failures.at(-1)
  const [first] = failures
  const record = toDeadLetter(topics.dead, delivery, {
    error,
    stage: last?.stage ?? 'worker',
    attempt: Math.max(failures.length, 1),
    firstFailedAt: first === undefined ? Date.now() : Date.parse(first.at),
    history: failures,
    ...(request && { requestId: request.requestId }),
  })
  return {
    record,
    report() {
      metrics.deadLetters.inc({ code: error.code })
      const { albumId, title } = request?.album ?? {}
      const attempt = failures.length
      log.error(
        { albumId, title, requestId: request?.requestId, attempt, code: error.code, reason: error.message },
        'album dead-lettered',
      )
    },
  }
}

function lastError(failures: FailedAttempt[]): EnrichmentError {
  const { code, message } = failures.at(-1) ?? { code: 'INTERNAL', message: 'given up without a stored reason' }
  return new EnrichmentError(code as EnrichmentError['code'], message)
}
