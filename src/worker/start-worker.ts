import { randomUUID } from 'node:crypto'
import { createAmazon } from '../amazon/create-amazon.ts'
import type { Config } from '../config.ts'
import { CrashMarks } from '../db/crash-marks.ts'
import type { Database } from '../db/database.ts'
import { FLOOD } from '../db/entities/lane.entity.ts'
import { OwnedLane, resumedAt } from '../db/lane.ts'
import { readTokensOfDay } from '../db/model-calls.ts'
import { Quota } from '../db/quota.ts'
import { createArtwork } from '../enrich/artwork/create-artwork.ts'
import { getArtwork } from '../enrich/get-artwork.ts'
import { findEarlier } from '../enrich/stored-candidates.ts'
import { EnrichmentError, type ErrorCode } from '../errors.ts'
import type { EnrichmentRequested } from '../events.ts'
import { type EventCodecs, groupNames, topicNames } from '../kafka/event-topics.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import type { Logger } from '../log.ts'
import { findMarketplace } from '../marketplaces.ts'
import { createModel } from '../model/create-model.ts'
import { judgeCarefully } from '../model/judge-carefully.ts'
import type { ModelCall } from '../model/model.ts'
import { TokenBudget } from '../model/token-budget.ts'
import { Flood } from '../retry/flood.ts'
import { holdWhileUnjoined } from '../retry/hold-while-unjoined.ts'
import { LaneState } from '../retry/lane-state.ts'
import type { AlbumClock } from './album-clock.ts'
import { ByKey } from './by-key.ts'
import { createDependencies, type Dependencies, explainThrottled } from './dependencies.ts'
import { Ledger } from './ledger/ledger.ts'
import { markAgain } from './ledger/mark-again.ts'
import { keepPruned } from './ledger/prune-ledger.ts'
import { amazonFor, modelFor, type Possession } from './paid-calls.ts'
import { processRequest } from './process-request.ts'
import type { GivenCollaborators } from './request-context.ts'
import { Solo } from './solo.ts'
import { Worker } from './worker.ts'

interface Surroundings {
  kafka: Kafka
  db: Database
  codecs: EventCodecs
  log: Logger
}

const HOUR_MS = 3_600_000
/** After so long of nothing but 429 it is no throttling any more: a person should look at the account. */
const AMAZON_PATIENCE_MS = 180_000
/** Requests a second that an account has at most, whatever it sells (Amazon's documentation, concepts/api-rates). */
const MOST_OF_AMAZON = 10
const NEVER = new AbortController().signal

/**
 * The lane's worker with everything that the settings name: Amazon, the model, the image hosts and the stores.
 *
 * @throws EnrichmentError CONFIG_INVALID for an unknown marketplace
 */
export function startWorker(config: Config, { kafka, db, codecs, log }: Surroundings): Worker {
  const { domain: marketplace, hasMusicIndex } = findMarketplace(config.AMAZON_MARKETPLACE)
  const { AMAZON_CREDENTIAL_ID: account, AMAZON_REQUESTS_PER_SECOND: requestsPerSecond } = config
  if (requestsPerSecond > MOST_OF_AMAZON)
    log.warn({ requestsPerSecond }, 'AMAZON_REQUESTS_PER_SECOND is above what Amazon gives any account')
  const topics = topicNames(config)
  const groupId = groupNames(config).worker
  const stopping = new AbortController()
  const stop = stopping.signal
  const processId = randomUUID()
  const marks = new CrashMarks(db, groupId, processId)
  let marked: Promise<void> = Promise.resolve()
  const owned = new OwnedLane(db, groupId, (lane) => {
    flood.restore(
      lane.holds.find(({ cause }) => cause === FLOOD),
      resumedAt(lane),
    )
  })

  const state = new LaneState({
    db,
    name: groupId,
    isLane: true,
    log,
    stop,
    storeHolds: (holds) => owned.storeHolds(holds),
    onResume() {
      dependencies.probeNow()
      amazon.hurry()
      flood.resume()
    },
  })
  const dependencies = createDependencies((name, hold) => {
    state.hold(name, hold)
    // It says more, and outlasts it.
    if (name === 'amazon' && hold !== null) state.hold('throttled', null)
  }, stop)
  /** What albums ask of the database waits while possession of the lane is in doubt, and so do their clocks. */
  const ofAlbums: Dependencies = {
    ...dependencies,
    async database(work, signal, caller) {
      caller?.clock.pause()
      try {
        return await owned.whileSettled((settled) => dependencies.database(work, settled, caller), signal)
      } finally {
        caller?.clock.resume()
      }
    },
  }
  const flood = new Flood(config.FLOOD_DEAD_LETTERS, (hold) => state.hold('flood', hold))
  const ledger = new Ledger(db, owned, marketplace, processId)

  const quota = new Quota(db, account, { perSecond: requestsPerSecond, perDay: config.AMAZON_REQUESTS_PER_DAY })
  const amazon = createAmazon(config, {
    slots: {
      book: (count, unused) => dependencies.database(() => quota.book(count, unused), NEVER),
      slowDown: (forMs, isNew) => dependencies.database(() => quota.slowDown(forMs, isNew), NEVER),
      hurry: () => dependencies.database(() => quota.hurry(), NEVER),
    },
    patienceMs: AMAZON_PATIENCE_MS,
    isSteady: true,
    onThrottled: (until) => state.hold('throttled', until === null ? null : explainThrottled(until)),
  })
  const budget = new TokenBudget(config.MODEL_TOKENS_PER_DAY, config.MODEL_TOKENS_SPENT)
  const model = createModel(config, log, budget)
  /** A process before this one may have spent the day's tokens. */
  const learnTokens = async (signal: AbortSignal) => {
    if (budget.isBounded) budget.learn(await ofAlbums.database(() => readTokensOfDay(db, groupId), signal))
  }
  const outage = config.MODEL_OUTAGE
  // Where outages go to review nothing is held for them; but a mistyped name is no outage, and no album is left open for it.
  const askedOnce: Dependencies['model'] = (work, signal, caller) =>
    work().catch((error) =>
      error?.code === 'MODEL_NOT_FOUND' ? ofAlbums.model(work, signal, caller) : Promise.reject(error),
    )
  const modelDependencies = outage === 'review' ? { ...ofAlbums, model: askedOnce } : ofAlbums
  const artworkStage = createArtwork(config, log)

  /** What one delivered request is enriched with. */
  function collaboratorsFor(
    request: EnrichmentRequested,
    clock: AlbumClock,
    onModelCall: (call: ModelCall) => void,
    { possession, onBegun, signal }: { possession: Possession; onBegun: () => void; signal: AbortSignal },
  ): GivenCollaborators {
    const { requestId } = request
    const caller = { requestId, clock }
    const surroundings = { possession, dependencies: ofAlbums, ...caller }
    const ofModel = { ...surroundings, dependencies: modelDependencies }
    return {
      marketplace,
      hasMusicIndex,
      amazon: amazonFor(amazon, surroundings, onBegun),
      model:
        model &&
        judgeCarefully(modelFor(model, ofModel, onBegun, onModelCall, learnTokens), {
          outage,
          onUnheard: (unheard) => log.warn(unheard, 'model not heard'),
        }),
      modelUse: config.MODEL_USE,
      findEarlier: (albumId) => ofAlbums.database(() => findEarlier(db, albumId, marketplace), signal, caller),
      async getArtwork(album, accepted, earlier, inTime) {
        onBegun()
        clock.start()
        const artwork = await getArtwork(artworkStage, album, accepted, earlier, inTime)
        if (request.reason !== 'artwork' || artwork.status !== 'pending') return artwork
        const code = (artwork.errorCode ?? 'ARTWORK_UNAVAILABLE') as ErrorCode
        throw new EnrichmentError(code, `the artwork of album ${album.albumId} cannot be had now`)
      },
    }
  }

  const shared = {
    ...codecs,
    topics,
    ledger,
    marks,
    dependencies: ofAlbums,
    flood,
    albums: new ByKey(),
    solo: new Solo(),
    retryPolicy: { tiers: config.RETRY_DELAYS, deadlineMs: config.RETRY_DEADLINE_HOURS * HOUR_MS },
    stopping: stop,
    log,
  }
  const worker = new Worker({
    kafka,
    groupId,
    requestTopics: [topics.express, topics.enrichment],
    outputs: [topics.enriched, topics.dead, ...Object.values(topics.retry)],
    owned,
    state,
    dependencies,
    maxAlbumsInFlight: maxAlbumsInFlight(config),
    // A tenth of a second's worth: so many stores of albums that are taken up can go together.
    maxAlbumsAhead: Math.max(1, Math.floor(requestsPerSecond / 10)),
    stopping,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_SECONDS * 1_000,
    markAgain: async (position) => {
      const requests = await markAgain(owned, position)
      if (requests > 0) log.warn({ requests }, 'requests will run again')
      const places = position.topics.map(({ topic, from }) => ({ topic, partition: 0, offset: from }))
      marked = marks.takeOver(places).catch((error) => log.warn({ err: error }, 'crash marks not readable'))
    },
    async outlive() {
      await Promise.all([ledger.outlive(), marks.leave()])
    },
    async process(delivery, possession, { turn, onBegun }, signal) {
      await marked
      return processRequest(
        delivery,
        {
          ...shared,
          turn,
          onBegun,
          collaboratorsFor: (request, clock, onModelCall) =>
            collaboratorsFor(request, clock, onModelCall, { possession, onBegun, signal }),
        },
        signal,
      )
    },
    log,
  })
  void holdWhileUnjoined(worker, state, 'KAFKA_UNAVAILABLE', stop)
  void keepPruned(ledger, worker, config.LEDGER_RETENTION_DAYS, log, stop)
  return worker
}

/** A minute's worth of Amazon's highest rate: more would only be memory. */
const MOST_IN_FLIGHT = 600

/** Albums in the air that the setting means. `auto` is a window by time: a model's slow tail fills a small one. */
function maxAlbumsInFlight(config: Config<'amazon' | 'service'>): number {
  const setting = config.MAX_ALBUMS_IN_FLIGHT
  if (setting !== 'auto') return setting
  return Math.min(Math.max(64, Math.ceil(60 * config.AMAZON_REQUESTS_PER_SECOND)), MOST_IN_FLIGHT)
}
