import { type Collaborators, type Enrichment, enrichAlbum } from '../../enrich/enrich-album.ts'
import { NO_ARTWORK } from '../../enrich/get-artwork.ts'
import { EnrichmentError, type ErrorCode, toEnrichmentError } from '../../errors.ts'
import type { AlbumEnriched, EnrichmentRequested, Stage } from '../../events.ts'
import { MESSAGE_BYTES } from '../../kafka/event-topics.ts'
import { fitsInto } from '../../kafka/record-size.ts'
import { metrics } from '../../metrics.ts'
import type { ModelCall } from '../../model/model.ts'
import { withFirstAbort } from '../../with-first-abort.ts'
import type { Job } from '../ledger/job.ts'
import { noteModelCall } from '../ledger/model-calls.ts'
import type { AlbumClock } from '../window/album-clock.ts'
import type { RequestContext } from './request-context.ts'
import { toAlbumEnriched } from './to-album-enriched.ts'

export type Tried =
  | { enrichment: Enrichment; event: AlbumEnriched; bytes: Buffer }
  | { error: EnrichmentError; stage: Stage | 'result' }

interface AroundTry {
  clock: AlbumClock
  /** Called before failures are counted or told: takes back those that a server's going away has caused. */
  takeBackOutages(): Promise<void>
  /** Whether the request is given up if this try fails with this. */
  isLast(error: EnrichmentError): boolean
}

/**
 * One try at the album; answers that are stored already are not asked for again.
 *
 * @throws EnrichmentError LANE_LOST, ALBUM_FORGOTTEN; the signal's reason
 */
export async function tryRequest(
  request: EnrichmentRequested,
  job: Job,
  context: RequestContext,
  { clock, takeBackOutages, isLast }: AroundTry,
  signal: AbortSignal,
): Promise<Tried> {
  const { ledger, dependencies, enriched } = context
  let stage = 'search' as Stage | 'result'
  const step: Collaborators['step'] = async (name, ask) => {
    if (name in job.answers) return job.answers[name] as Awaited<ReturnType<typeof ask>>
    const answer = await ask()
    if (ledger.isInDoubt) {
      clock.pause()
      await ledger.saveAnswerInDoubt(job, name, answer).finally(() => clock.resume())
    }
    const caller = { requestId: job.requestId, clock }
    await dependencies.database((owned) => ledger.saveAnswer(job, name, answer, owned), signal, caller)
    return answer
  }
  const timed: Collaborators['stage'] = async (name, run) => {
    stage = name
    const stop = metrics.stageDuration.startTimer({ stage })
    try {
      return await run()
    } finally {
      stop()
    }
  }
  const { requestId, earlier } = job
  const onCall = (call: ModelCall) => noteModelCall(job, call)
  const own = { step, stage: timed, requestId, earlier }
  const collaborators = { ...context.collaboratorsFor(request, clock, { step, onCall }), ...own }
  const toResult = async (enrichment: Enrichment): Promise<Tried> => {
    stage = 'result'
    const event = toAlbumEnriched({ ...request, album: job.album }, enrichment, {
      marketplace: collaborators.marketplace,
      run: job.claim.run,
      attempts: job.failures.length + 1,
      startedAt: job.startedAt,
      // Readers order results by it, and the clock of the process that decided the last one may be ahead of this one's.
      finishedAt: Math.max(Date.now(), job.lastFinishedAt + 1),
    })
    const bytes = await enriched.encode(event)
    checkSize(context.topics.enriched, event.albumId, bytes)
    return { enrichment, event, bytes }
  }
  const attempt = async (work: () => Promise<Enrichment>): Promise<Tried> => {
    try {
      const enrichment = await work()
      await takeBackOutages()
      return await toResult(enrichment)
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown === context.stopping.reason) throw thrown
      const error = toEnrichmentError(clock.signal.aborted ? clock.signal.reason : thrown)
      if (error.code === 'LANE_LOST' || error.code === 'ALBUM_FORGOTTEN') throw error
      await takeBackOutages()
      return { error, stage }
    }
  }
  const tried = await attempt(async () => {
    const enrichment = await withFirstAbort([signal, clock.signal], (inTime) =>
      enrichAlbum(job.album, request.stages, collaborators, inTime),
    )
    if (request.reason === 'artwork') demandArtwork(enrichment, job)
    return enrichment
  })
  if (!('error' in tried) || request.reason !== 'artwork' || tried.stage === 'result' || !isLast(tried.error))
    return tried
  return attempt(() => endArtwork(tried.error, job, collaborators, signal))
}

/** A request for the artwork alone is tried until it is had. @throws EnrichmentError why it is still pending */
function demandArtwork({ artwork }: Enrichment, { album }: Job): void {
  if (artwork.status !== 'pending') return
  const code = (artwork.errorCode ?? 'ARTWORK_UNAVAILABLE') as ErrorCode
  throw new EnrichmentError(code, artwork.errorMessage ?? `the artwork of album ${album.albumId} cannot be had now`)
}

/**
 * What a request for the artwork alone comes to when its last try has failed, of whatever: no dead letter, of which so many as
 * wait for one host would hold the lane, but a result, as readers still take the artwork for pending. Nothing is asked for.
 */
function endArtwork(
  { code, message }: EnrichmentError,
  { album }: Job,
  collaborators: Collaborators,
  signal: AbortSignal,
): Promise<Enrichment> {
  const failed = { ...NO_ARTWORK, status: 'failed' as const, errorCode: code, errorMessage: message }
  return enrichAlbum(
    album,
    [],
    {
      ...collaborators,
      stage: (_name, run) => run(),
      step: async (_name, ask) => ask(),
      amazon: { getItems: async () => [], searchItems: async () => [] },
      // What another request has come to since stays.
      getArtwork: async (_album, _accepted, earlier) => (earlier && earlier.status !== 'pending' ? earlier : failed),
    },
    signal,
  )
}

/** Asked before the result is stored: refused at its commit it would hold up the lane for ever. */
function checkSize(topic: string, key: string, value: Buffer): void {
  if (fitsInto({ topic, key, value }, MESSAGE_BYTES.result)) return
  const message = `the result has ${value.length} bytes, and ${topic} takes ${MESSAGE_BYTES.result}: give the album shorter texts`
  throw new EnrichmentError('RECORD_TOO_LARGE', message)
}
