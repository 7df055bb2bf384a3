import { setTimeout as delay } from 'node:timers/promises'
import type { Enrichment } from '../../enrich/enrich-album.ts'
import { EnrichmentError, type ErrorCode } from '../../errors.ts'
import type { EnrichmentRequested } from '../../events.ts'
import type { Delivery } from '../../kafka/delivery.ts'
import { metrics } from '../../metrics.ts'
import { type Decision, decideRetry } from '../../retry/decide-retry.ts'
import { readRetryHeaders } from '../../retry/retry-headers.ts'
import { type Job, SUSPECT_DEATHS } from '../ledger/job.ts'
import { AlbumClock } from '../window/album-clock.ts'
import { decideDeadLetter, decideResult, decideRetryCopy, type Settled } from './decisions.ts'
import type { Publication } from './publications.ts'
import type { RequestContext } from './request-context.ts'
import { type Tried, tryRequest } from './try-request.ts'

/** What a try at an album may take from its first Amazon grant on. */
const ALBUM_MS = 60_000

/** A failed try: what failed, and where. */
type Failed = Extract<Tried, { error: EnrichmentError }>
type Succeeded = Extract<Tried, { enrichment: Enrichment }>

/**
 * The work on one delivery of a request that the ledger has taken up: its quick tries, what failed of them, and the
 * clock of all of them together.
 */
export class RequestWork {
  readonly #delivery: Delivery
  readonly #request: EnrichmentRequested
  readonly #job: Job
  readonly #context: RequestContext
  readonly #signal: AbortSignal
  /** For what a stop ends as well. */
  readonly #waiting: AbortSignal
  readonly #clock = new AlbumClock(ALBUM_MS)
  /** How many failures were stored before this delivery's. */
  readonly #former: number
  /** How long it has waited here because servers asked it to come later. */
  #slowedMs = 0
  /** How long the clock had stood when the request's age began. */
  #stoodBefore = 0
  /** Of the clock's standing the pauses between its own quick tries, which are part of the request's age. */
  #quickMs = 0

  /** @param signals `signal` is aborted when the work must be given up, `waiting` also when the process stops */
  constructor(
    delivery: Delivery,
    request: EnrichmentRequested,
    job: Job,
    context: RequestContext,
    { signal, waiting }: { signal: AbortSignal; waiting: AbortSignal },
  ) {
    this.#delivery = delivery
    this.#request = request
    this.#job = job
    this.#context = context
    this.#signal = signal
    this.#waiting = waiting
    this.#former = job.failures.length
  }

  /**
   * Takes it to its decision, stored and not yet published.
   *
   * @returns `again` when it is to be opened once more
   * @throws EnrichmentError what the lane is to be held for, LANE_LOST; the signal's reason
   */
  async run(): Promise<Publication | 'again'> {
    const { ledger, dependencies, log } = this.#context
    const { deaths, failures } = this.#job
    if (deaths > SUSPECT_DEATHS) {
      const message = `the process died ${deaths} times while it worked on this request, at last on it alone`
      return this.#giveUp({ error: new EnrichmentError('CRASHED_WORKER', message), stage: 'worker' })
    }
    if (deaths >= SUSPECT_DEATHS) await dependencies.database((owned) => ledger.begin(this.#job, owned), this.#signal)
    log.info({ ...this.#fields, attempt: failures.length + 1 }, 'album enrichment started')
    try {
      for (;;) {
        const around = {
          clock: this.#clock,
          takeBackOutages: () => this.#takeBackOutages(),
          isLast: (error: EnrichmentError) => this.#decide(error).kind === 'dead letter',
        }
        const tried = await tryRequest(this.#request, this.#job, this.#context, around, this.#signal)
        if ('enrichment' in tried) return await this.#succeed(tried)
        const ended = await this.#fail(tried)
        if (ended !== null) return ended
      }
    } finally {
      this.#clock.dispose()
    }
  }

  async #succeed(succeeded: Succeeded): Promise<Publication> {
    const { event, bytes, enrichment } = succeeded
    const settled = await decideResult(this.#delivery, this.#request, event, bytes, this.#job, this.#context)
    // Named by what it once was alone, which dashboards know: the save of all that was decided, links among it.
    const stop = metrics.stageDuration.startTimer({ stage: 'links' })
    const publication = await this.#settle(settled, succeeded).finally(stop)
    countVerdicts(enrichment)
    return publication
  }

  /** @returns null when it is to be tried once more, after a pause */
  async #fail(failed: Failed): Promise<Publication | 'again' | null> {
    const { log } = this.#context
    const { failures, claim } = this.#job
    const { error, stage } = failed
    const { code, message } = error
    if (failures.length === 0) this.#stoodBefore = this.#clock.stoodMs
    const stoodMs = this.#stoodMs
    const slowedMs = this.#slowedMs
    const next = this.#decide(error)
    if (next.kind === 'wait') throw error
    if (next.kind === 'again' && !next.counts) {
      // Once for all the waits of this delivery: a server may ask for one every second.
      if (slowedMs === 0) log.info({ ...this.#fields, code, reason: message }, 'album waits as it was asked to')
      this.#slowedMs += next.afterMs
      await this.#pauseFor(next.afterMs)
      return null
    }
    if (next.kind === 'retry' && !next.counts) {
      log.info({ ...this.#fields, code, reason: message }, 'album will be asked for later')
      return this.#retry(failed, { ...next, stoodMs })
    }
    const number = failures.length + 1
    const at = new Date().toISOString()
    await this.#setFailures([...failures, { attempt: number, hops: claim.attempt, at, stage, code, message }])
    if (next.kind === 'dead letter') return this.#giveUp(failed)
    log.info({ ...this.#fields, attempt: number, code, reason: message }, 'album will be retried')
    if (next.kind === 'retry') return this.#retry(failed, { ...next, stoodMs })
    await this.#pauseFor(next.afterMs)
    this.#quickMs += next.afterMs
    return null
  }

  /** What becomes of it if its try fails with this. */
  #decide({ code, retryAfterMs }: EnrichmentError): Decision {
    const ageMs = Math.max(0, ageOf(this.#job, Date.now()) - this.#stoodMs)
    const attempt = Math.max(0, this.#job.claim.attempt - readRetryHeaders(this.#delivery.headers).uncounted)
    const asked = { code, retryAfterMs, tries: this.#tries, slowedMs: this.#slowedMs, attempt, ageMs }
    return decideRetry(asked, this.#context.retryPolicy)
  }

  #retry({ error, stage }: Failed, hop: Parameters<typeof decideRetryCopy>[5]): Promise<Publication> {
    return this.#settle(decideRetryCopy(this.#delivery, this.#request, this.#job, error, stage, hop, this.#context))
  }

  async #giveUp({ error, stage }: { error: EnrichmentError; stage: string }): Promise<Publication | 'again'> {
    if (!(await this.#context.flood.admit(this.#waiting))) return 'again'
    return this.#settle(decideDeadLetter(this.#delivery, this.#request, this.#job, error, stage, this.#context))
  }

  async #settle({ decision, decided }: Settled, succeeded?: Succeeded): Promise<Publication> {
    const { ledger, dependencies, flood } = this.#context
    const { enrichment = null, event } = succeeded ?? {}
    const decidedAt = event?.finishedAt ?? Date.now()
    const end = { decision, outcome: enrichment?.outcome ?? null, decidedAt, enrichment }
    await dependencies.database((owned) => ledger.decide(this.#job, end, owned), this.#signal)
    // One that will be tried again has not ended.
    if (decision.kind !== 'retry') flood.record(decision.kind === 'dead_letter')
    return decided
  }

  /** What failed while a server was going away is no failure of the request. */
  async #takeBackOutages(): Promise<void> {
    const { failures } = this.#job
    const { dependencies } = this.#context
    const own = failures.filter(
      ({ code, at }, index) => index < this.#former || !dependencies.wentAwayAfter(code as ErrorCode, Date.parse(at)),
    )
    if (own.length < failures.length) await this.#setFailures(own)
  }

  async #setFailures(all: Job['failures']): Promise<void> {
    const { ledger, dependencies } = this.#context
    await dependencies.database((owned) => ledger.saveFailures(this.#job, all, owned), this.#signal)
    this.#job.failures.splice(0, this.#job.failures.length, ...all)
  }

  /** Those of a process that died count: or each that follows would hold the line up with quick tries of its own. */
  get #tries(): number {
    const { failures, claim } = this.#job
    return 1 + failures.filter(({ hops }) => hops === claim.attempt).length
  }

  /** Time of this delivery that adds nothing to the request's age. */
  get #stoodMs(): number {
    return Math.max(0, this.#clock.stoodMs - this.#stoodBefore - this.#quickMs)
  }

  get #fields() {
    const { requestId, claim, album } = this.#job
    return { albumId: album.albumId, title: album.title, requestId, run: claim.run }
  }

  async #pauseFor(ms: number): Promise<void> {
    this.#clock.pause()
    await delay(ms, undefined, { signal: this.#waiting })
    this.#clock.resume()
  }
}

/** Since the first failure, without the time that retry copies waited in the lane after they were due. */
function ageOf({ failures: [first], waitedMs }: Job, now: number): number {
  return first === undefined ? 0 : Math.max(0, now - Date.parse(first.at) - waitedMs)
}

function countVerdicts({ candidates, artwork }: Enrichment): void {
  for (const { decidedBy, verdict } of candidates) metrics.verdicts.inc({ by: decidedBy, verdict })
  metrics.artwork.inc({ status: artwork.status })
}
