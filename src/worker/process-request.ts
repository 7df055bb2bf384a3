import { setTimeout as delay } from 'node:timers/promises'
import { checkAlbum, checkTime } from '../enrich/check-album.ts'
import type { Enrichment } from '../enrich/enrich-album.ts'
import { EnrichmentError, type ErrorCode, toEnrichmentError } from '../errors.ts'
import type { EnrichmentRequested } from '../events.ts'
import type { Delivery } from '../kafka/delivery.ts'
import { metrics } from '../metrics.ts'
import { orAborted } from '../or-aborted.ts'
import { decideRetry } from '../retry/decide-retry.ts'
import { REQUEST_ID, readRetryHeaders } from '../retry/retry-headers.ts'
import { AlbumClock } from './album-clock.ts'
import {
  type Decided,
  decideDeadLetter,
  decideResult,
  decideRetryCopy,
  republish,
  skipForgotten,
  skipStale,
} from './decisions.ts'
import { type Job, type StoredDecision, SUSPECT_DEATHS } from './ledger/job.ts'
import type { RequestContext } from './request-context.ts'
import { tryRequest } from './try-request.ts'

/** What a try at an album may take from its first Amazon grant on. */
const ALBUM_MS = 60_000

/**
 * Takes one delivered request to its end: a result, a retry copy, or a dead letter. Servers that are away are waited for.
 *
 * @param signal aborted when the work must be given up; what was stored by then is used next time
 * @throws EnrichmentError LANE_LOST and what a set-up lacks; the signal's reason
 */
export async function processRequest(
  delivery: Delivery,
  context: RequestContext,
  signal: AbortSignal,
): Promise<Decided> {
  const { albums, turn, onBegun } = context
  const request = await orGivenUp(() => decodeRequest(delivery, context, signal), delivery, undefined, context, signal)
  if ('records' in request) return request
  const { albumId } = request.album
  // It waits for another request for the same album, and other albums need not wait with it.
  if (albums.isBusy(albumId)) void turn.then(onBegun)
  return albums
    .run(albumId, () => {
      const process = async () => {
        for (;;) {
          signal.throwIfAborted()
          const decided = await processOnce(delivery, request, context, signal)
          if (decided !== 'again') return decided
        }
      }
      return orGivenUp(process, delivery, request, context, signal)
    })
    .catch((thrown: unknown) => {
      if (signal.aborted || toEnrichmentError(thrown).code !== 'ALBUM_FORGOTTEN') throw thrown
      return skipForgotten(delivery, request, context.log)
    })
}

async function processOnce(
  delivery: Delivery,
  request: EnrichmentRequested,
  context: RequestContext,
  signal: AbortSignal,
): Promise<Decided | 'again'> {
  const { ledger, flood, solo, dependencies, stopping, turn, log } = context
  const { database, registry } = dependencies
  const open = () => {
    const { run, attempt, notBefore: dueAt, waitsSince, uncounted } = readRetryHeaders(delivery.headers)
    // All that it waited so far was wished for by a server, and it has no age yet.
    const isAgeless = waitsSince === null && uncounted > 0 && uncounted === attempt
    const notBefore = isAgeless ? null : (waitsSince ?? dueAt)
    const delivered = { topic: delivery.topic, offset: delivery.offset, run, attempt, notBefore }
    return database(() => ledger.open(request, delivered, Date.now(), signal), signal)
  }
  const opening = await orGivenUp(open, delivery, request, context, signal)
  await orAborted(turn, signal)
  if ('records' in opening) return opening
  if (opening.kind === 'forgotten') return skipForgotten(delivery, request, log)
  if (opening.kind === 'stale') return skipStale(delivery, request, log)
  if (opening.kind === 'publish') {
    const { decision } = opening
    return registry(() => republish(delivery, request, decision, context), signal)
  }

  const { job } = opening
  const isSuspect = job.deaths >= SUSPECT_DEATHS || flood.isProbing
  const waiting = AbortSignal.any([signal, stopping])
  return solo.run(isSuspect, () => workOn(delivery, request, job, context, signal), waiting)
}

/**
 * Does what the ledger cannot keep account of: what cannot be opened, or not be stored, could not be counted either. After
 * its quick tries it is given up, so that no record begins again without end.
 */
async function orGivenUp<T>(
  work: () => Promise<T>,
  delivery: Delivery,
  request: EnrichmentRequested | undefined,
  context: RequestContext,
  signal: AbortSignal,
): Promise<T | Decided> {
  const { flood, stopping, retryPolicy } = context
  const waiting = AbortSignal.any([signal, stopping])
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (thrown) {
      const error = toEnrichmentError(thrown)
      if (signal.aborted || stopping.aborted) throw thrown
      const { code, retryAfterMs } = error
      const next = decideRetry({ code, retryAfterMs, tries, slowDowns: 0, attempt: 0, ageMs: 0 }, retryPolicy)
      if (next.kind === 'wait') throw thrown
      if (next.kind === 'again') {
        await delay(next.afterMs, undefined, { signal: waiting })
        continue
      }
      if (!(await flood.admit(waiting))) continue
      flood.record(true)
      return decideDeadLetter(delivery, request, undefined, error, 'worker', context).decided
    }
  }
}

async function decodeRequest(
  delivery: Delivery,
  { requested, dependencies, marks }: RequestContext,
  signal: AbortSignal,
): Promise<EnrichmentRequested> {
  const { value, fault } = delivery
  if (fault !== undefined) throw fault.error
  if (value === null) throw new EnrichmentError('RECORD_INVALID', 'the request has no value: send a request')
  const read = async () => checkRequest(await requested.decode(value))
  return dependencies.registry(() => marks.touch(delivery, read), signal)
}

/** @throws EnrichmentError RECORD_INVALID */
function checkRequest(request: EnrichmentRequested): EnrichmentRequested {
  checkAlbum(request.album)
  checkTime('requestedAt', request.requestedAt)
  if (REQUEST_ID.test(request.requestId)) return request
  throw new EnrichmentError('RECORD_INVALID', `requestId is ${JSON.stringify(request.requestId)}: give it a UUID`)
}

async function workOn(
  delivery: Delivery,
  request: EnrichmentRequested,
  job: Job,
  context: RequestContext,
  signal: AbortSignal,
): Promise<Decided | 'again'> {
  const { ledger, dependencies, flood, retryPolicy, stopping, log } = context
  const { database } = dependencies
  const waiting = AbortSignal.any([signal, stopping])
  const { requestId, claim, failures } = job
  const clock = new AlbumClock(ALBUM_MS)
  const fields = { albumId: job.album.albumId, title: job.album.title, requestId, run: claim.run }

  const settle = async ({ decision, decided }: Settled, enrichment: Enrichment | null = null) => {
    const end = { decision, outcome: enrichment?.outcome ?? null, decidedAt: Date.now(), enrichment }
    await database(() => ledger.decide(job, end, signal), signal)
    // One that will be tried again has not ended.
    if (decision.kind !== 'retry') flood.record(decision.kind === 'dead_letter')
    return decided
  }
  const giveUp = async (error: EnrichmentError, stage: string) => {
    if (!(await flood.admit(waiting))) return 'again' as const
    return settle(decideDeadLetter(delivery, request, job, error, stage, context))
  }

  if (job.deaths > SUSPECT_DEATHS) {
    const message = `the process died ${job.deaths} times while it worked on this request, at last on it alone`
    return giveUp(new EnrichmentError('CRASHED_WORKER', message), 'worker')
  }
  if (job.deaths >= SUSPECT_DEATHS) await database(() => ledger.begin(job, signal), signal)
  log.info({ ...fields, attempt: failures.length + 1 }, 'album enrichment started')
  // Those of a process that died count: or each that follows would hold the line up with quick tries of its own.
  const countTries = () => 1 + failures.filter(({ hops }) => hops === claim.attempt).length
  const setFailures = async (all: typeof failures) => {
    await database(() => ledger.saveFailures(job, all, signal), signal)
    failures.splice(0, failures.length, ...all)
  }
  const former = failures.length
  const { uncounted } = readRetryHeaders(delivery.headers)
  /** How long the clock had stood when the request's age began. */
  let stoodBefore = 0
  /** Of the clock's standing the pauses between its own quick tries, which are part of the request's age. */
  let quickMs = 0
  /** What failed while a server was going away is no failure of the request. */
  const forgive = async () => {
    const own = failures.filter(
      ({ code, at }, index) => index < former || !dependencies.wentAwayAfter(code as ErrorCode, Date.parse(at)),
    )
    if (own.length < failures.length) await setFailures(own)
  }
  const pauseFor = async (ms: number) => {
    clock.pause()
    await delay(ms, undefined, { signal: waiting })
    clock.resume()
  }
  try {
    for (let slowDowns = 0; ; ) {
      const tried = await tryRequest(request, job, context, { clock, forgive }, signal)
      if ('enrichment' in tried) {
        const { event, bytes, enrichment } = tried
        const settled = await decideResult(delivery, request, event, bytes, job, context)
        const stop = metrics.stageDuration.startTimer({ stage: 'links' })
        const decided = await settle(settled, enrichment).finally(stop)
        countVerdicts(enrichment)
        return decided
      }
      const { error, stage } = tried
      const tries = countTries()
      if (failures.length === 0) stoodBefore = clock.stoodMs
      const stoodMs = Math.max(0, clock.stoodMs - stoodBefore - quickMs)
      const ageMs = Math.max(0, ageOf(job, Date.now()) - stoodMs)
      const { code, retryAfterMs } = error
      const attempt = Math.max(0, claim.attempt - uncounted)
      const next = decideRetry({ code, retryAfterMs, tries, slowDowns, attempt, ageMs }, retryPolicy)
      if (next.kind === 'wait') throw error
      if (next.kind === 'again' && !next.counts) {
        slowDowns += 1
        await pauseFor(next.afterMs)
        continue
      }
      if (next.kind === 'retry' && !next.counts) {
        log.info({ ...fields, code, reason: error.message }, 'album will be asked for later')
        return settle(decideRetryCopy(delivery, request, job, error, stage, { ...next, stoodMs }, context))
      }
      const failed = { attempt: failures.length + 1, hops: claim.attempt, at: new Date().toISOString() }
      await setFailures([...failures, { ...failed, stage, code, message: error.message }])
      if (next.kind === 'dead letter') return giveUp(error, stage)
      log.info({ ...fields, attempt: failed.attempt, code, reason: error.message }, 'album will be retried')
      if (next.kind === 'retry') {
        return settle(decideRetryCopy(delivery, request, job, error, stage, { ...next, stoodMs }, context))
      }
      await pauseFor(next.afterMs)
      quickMs += next.afterMs
    }
  } finally {
    clock.dispose()
  }
}

interface Settled {
  decision: StoredDecision
  decided: Decided
}

/** Since the first failure, without the time that retry copies waited in the lane after they were due. */
function ageOf({ failures: [first], waitedMs }: Job, now: number): number {
  return first === undefined ? 0 : Math.max(0, now - Date.parse(first.at) - waitedMs)
}

function countVerdicts({ candidates, artwork }: Enrichment): void {
  for (const { decidedBy, verdict } of candidates) metrics.verdicts.inc({ by: decidedBy, verdict })
  metrics.artwork.inc({ status: artwork.status })
}
