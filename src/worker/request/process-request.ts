import { setTimeout as delay } from 'node:timers/promises'
import { checkAlbum, checkTime } from '../../enrich/check-album.ts'
import { EnrichmentError, toEnrichmentError } from '../../errors.ts'
import type { EnrichmentRequested } from '../../events.ts'
import type { Delivery } from '../../kafka/delivery.ts'
import type { RecordCodec } from '../../kafka/schema-registry.ts'
import { orAborted } from '../../or-aborted.ts'
import { decideRetry } from '../../retry/decide-retry.ts'
import { REQUEST_ID, readRetryHeaders } from '../../retry/retry-headers.ts'
import { withFirstAbort } from '../../with-first-abort.ts'
import { SUSPECT_DEATHS } from '../ledger/job.ts'
import { decideDeadLetter, republish } from './decisions.ts'
import { type Publication, skipForgotten, skipStale } from './publications.ts'
import type { RequestContext } from './request-context.ts'
import { RequestWork } from './request-work.ts'

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
): Promise<Publication> {
  const { albums, turn, onBegun } = context
  const request = await orGivenUp(() => decodeRequest(delivery, context, signal), delivery, undefined, context, signal)
  if ('records' in request) return request
  const { albumId } = request.album
  // It waits for another request for the same album, and other albums need not wait with it.
  if (albums.isBusy(albumId)) void turn.then(onBegun)
  return albums
    .run(albumId, () => {
      const untilDecided = async () => {
        for (;;) {
          signal.throwIfAborted()
          const decided = await processOnce(delivery, request, context, signal)
          if (decided !== 'again') return decided
        }
      }
      return orGivenUp(untilDecided, delivery, request, context, signal)
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
): Promise<Publication | 'again'> {
  const { ledger, flood, gate, dependencies, stopping, turn, log } = context
  const open = () => {
    const { run, attempt, notBefore: dueAt, waitsSince } = readRetryHeaders(delivery.headers)
    const delivered = { topic: delivery.topic, offset: delivery.offset, run, attempt, notBefore: waitsSince ?? dueAt }
    return dependencies.database((owned) => ledger.open(request, delivered, Date.now(), owned), signal)
  }
  const opening = await orGivenUp(open, delivery, request, context, signal)
  await orAborted(turn, signal)
  if ('records' in opening) return opening
  if (opening.kind === 'forgotten') return skipForgotten(delivery, request, log)
  if (opening.kind === 'stale') return skipStale(delivery, request, log)
  if (opening.kind === 'publish') {
    const { decision } = opening
    const publish = () => republish(delivery, request, decision, context)
    return throughRegistry(context.enriched, decision.bytes, publish, context, signal)
  }

  const { job } = opening
  const mustBeAlone = job.deaths >= SUSPECT_DEATHS || flood.isProbing
  return withFirstAbort([signal, stopping], (waiting) =>
    gate.run(mustBeAlone, () => new RequestWork(delivery, request, job, context, { signal, waiting }).run(), waiting),
  )
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
): Promise<T | Publication> {
  const { flood, stopping, retryPolicy } = context
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (thrown) {
      const error = toEnrichmentError(thrown)
      if (signal.aborted || stopping.aborted) throw thrown
      const { code, retryAfterMs } = error
      const next = decideRetry({ code, retryAfterMs, tries, slowedMs: 0, attempt: 0, ageMs: 0 }, retryPolicy)
      if (next.kind === 'wait') throw thrown
      const waiting = AbortSignal.any([signal, stopping])
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
  context: RequestContext,
  signal: AbortSignal,
): Promise<EnrichmentRequested> {
  const { requested, marks } = context
  const { value, fault } = delivery
  if (fault !== undefined) throw fault.error
  if (value === null) throw new EnrichmentError('RECORD_INVALID', 'the request has no value: send a request')
  const crashed = marks.judge(delivery)
  if (crashed !== null) throw crashed
  // Not while it is marked: that takes long, and a process that dies of another album meanwhile did not die of this record.
  if (marks.isSuspect(delivery))
    await throughRegistry(requested, value, () => requested.tryApart(value), context, signal)
  const read = async () => checkRequest(await requested.decode(value))
  return throughRegistry(requested, value, () => marks.touch([delivery], read), context, signal)
}

/**
 * Does what decodes a value. Where the registry need not be asked it is not waited for: done as its probe it would tell
 * that the registry is back.
 */
function throughRegistry<T>(
  codec: RecordCodec<unknown>,
  value: Buffer | null,
  work: () => Promise<T>,
  { dependencies }: RequestContext,
  signal: AbortSignal,
): Promise<T> {
  return value !== null && codec.needsRegistry(value) ? dependencies.registry(work, signal) : work()
}

/** @throws EnrichmentError RECORD_INVALID */
function checkRequest(request: EnrichmentRequested): EnrichmentRequested {
  checkAlbum(request.album)
  checkTime('requestedAt', request.requestedAt)
  if (REQUEST_ID.test(request.requestId)) return request
  throw new EnrichmentError('RECORD_INVALID', `requestId is ${JSON.stringify(request.requestId)}: give it a UUID`)
}
