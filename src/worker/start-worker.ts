import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import { CrashMarks } from '../db/crash-marks.ts'
import type { Database } from '../db/database.ts'
import { FLOOD } from '../db/hold-record.ts'
import { resumedAt } from '../db/lane.ts'
import { LeaseStore } from '../db/lease-store.ts'
import { DeadLetterLimit } from '../holds/dead-letter-limit.ts'
import { explainRefusal } from '../holds/explain-refusal.ts'
import { holdWhileKafkaAway } from '../holds/hold-while-kafka-away.ts'
import { LaneState } from '../holds/lane-state.ts'
import { type EventCodecs, groupNames, topicNames } from '../kafka/event-topics.ts'
import { GroupConsumer } from '../kafka/group-consumer.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { laneAssigner } from '../kafka/lane-assigner.ts'
import { OpenTransactions } from '../kafka/open-transactions.ts'
import type { Logger } from '../log.ts'
import { findMarketplace } from '../marketplaces.ts'
import { createDependencies, explainThrottled } from './dependencies.ts'
import { LateTombstones } from './late-tombstones.ts'
import { createLeasePorts } from './lease/create-lease-ports.ts'
import { LaneLease } from './lease/lane-lease.ts'
import { whileOwner } from './lease/while-owner.ts'
import { Ledger } from './ledger/ledger.ts'
import { markAgain } from './ledger/mark-again.ts'
import { OwnedStores } from './ledger/owned-stores.ts'
import { keepPruned, LedgerPruning } from './ledger/prune-ledger.ts'
import { createCollaborators } from './request/create-collaborators.ts'
import { processRequest } from './request/process-request.ts'
import { ExclusiveGate } from './window/exclusive-gate.ts'
import { KeyedMutex } from './window/keyed-mutex.ts'
import { Worker } from './worker.ts'

interface WorkerServers {
  kafka: Kafka
  db: Database
  codecs: EventCodecs
  log: Logger
}

const FETCH_BYTES = 65_536
const HOUR_MS = 3_600_000
/** Requests a second that an account has at most, whatever it sells (Amazon's documentation, concepts/api-rates). */
const MOST_OF_AMAZON = 10

/**
 * The lane's worker with everything that the settings name: Amazon, the model, the image hosts and the stores.
 *
 * @throws EnrichmentError CONFIG_INVALID for an unknown marketplace
 */
export function startWorker(config: Config, { kafka, db, codecs, log }: WorkerServers): Worker {
  const { AMAZON_REQUESTS_PER_SECOND: requestsPerSecond } = config
  if (requestsPerSecond > MOST_OF_AMAZON)
    log.warn({ requestsPerSecond }, 'AMAZON_REQUESTS_PER_SECOND is above what Amazon gives any account')
  const topics = topicNames(config)
  const groupId = groupNames(config).worker
  const stopping = new AbortController()
  const stop = stopping.signal
  const processId = randomUUID()
  const marks = new CrashMarks(db, groupId, processId)
  let marked: Promise<void> = Promise.resolve()
  const requestTopics = [topics.express, topics.enrichment]
  const store = new LeaseStore(db, groupId)

  const consumer = new GroupConsumer({
    kafka,
    groupId,
    topics: requestTopics,
    assigners: [laneAssigner(() => lease.tokenToKeep)],
    maxBytesPerPartition: FETCH_BYTES,
    log,
    // At once: a join confirms the membership, and so would let go whoever waits for that.
    onJoin: () => lease.suspend(),
    onAssigned: (assignment, session) => worker.assigned(assignment, session),
    own: async (topic) => worker.own(topic),
    onRefused: (refusal) => state.hold('kafka', explainRefusal(refusal)),
  })
  const state = new LaneState({
    db,
    name: groupId,
    isLane: true,
    log,
    stop,
    part: () => lease.part,
    storeHolds: (holds) => store.storeHolds(lease.token ?? 0, holds),
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
  const transactions = new OpenTransactions()
  const ports = createLeasePorts({
    kafka,
    groupId,
    topics: requestTopics,
    outputs: [topics.enriched, topics.dead, ...Object.values(topics.retry)],
    transactions,
    store,
    member: consumer,
    state,
    dependencies,
    onTaken(lane) {
      flood.restore(
        lane.holds.find(({ cause }) => cause === FLOOD),
        resumedAt(lane),
      )
    },
    async markReplays(position, token) {
      const requests = await markAgain(store, token, position)
      if (requests > 0) log.warn({ requests }, 'requests will run again')
      const places = position.topics.map(({ topic, from }) => ({ topic, partition: 0, offset: from }))
      marked = marks.takeOver(places).catch((error) => log.warn({ err: error }, 'crash marks not readable'))
    },
    onWorkDropped: () => worker.drop(),
    onBroken(error) {
      if (lease.canCommit) consumer.restart(error)
    },
    log,
  })
  const lease = new LaneLease(ports)
  const ofAlbums = whileOwner(lease, dependencies)
  const flood = new DeadLetterLimit(config.FLOOD_DEAD_LETTERS, (hold) => state.hold('flood', hold))
  const { domain: marketplace } = findMarketplace(config.AMAZON_MARKETPLACE)
  const stores = new OwnedStores(store, lease)
  const ledger = new Ledger(db, stores, marketplace, processId)
  const { amazon, collaboratorsFor } = createCollaborators(config, {
    ...{ db, groupId, lease, dependencies, ofAlbums, log },
    onThrottled: (until) => state.hold('throttled', until === null ? null : explainThrottled(until)),
  })
  const tombstones = config.FORGET_TOMBSTONES === 'yes' ? new LateTombstones(topics.enriched, { db, log }) : null
  const shared = {
    ...codecs,
    topics,
    ledger,
    marks,
    dependencies: ofAlbums,
    flood,
    albums: new KeyedMutex(),
    gate: new ExclusiveGate(),
    retryPolicy: { tiers: config.RETRY_DELAYS, deadlineMs: config.RETRY_DEADLINE_HOURS * HOUR_MS },
    stopping: stop,
    log,
  }
  const worker = new Worker({
    consumer,
    lease,
    requestTopics,
    state,
    maxAlbumsInFlight: maxAlbumsInFlight(config),
    // A tenth of a second's worth: so many stores of albums that are taken up can go together.
    maxAlbumsAhead: Math.max(1, Math.floor(requestsPerSecond / 10)),
    stopping,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_SECONDS * 1_000,
    async clearInFlight() {
      await Promise.all([ledger.clearInFlight(), marks.leave()])
    },
    async process(delivery, { turn, onBegun }, signal) {
      await marked
      const decided = await processRequest(
        delivery,
        {
          ...shared,
          turn,
          onBegun,
          collaboratorsFor: (request, clock, ofModel) => collaboratorsFor(request, clock, ofModel, { onBegun, signal }),
        },
        signal,
      )
      return tombstones?.watch(decided) ?? decided
    },
    async afterLastFlush() {
      await tombstones?.close()
    },
    log,
  })
  worker.start()
  void holdWhileKafkaAway({ member: worker, transactions, state, cause: 'KAFKA_UNAVAILABLE' }, stop)
  void tombstones?.keep(stop)
  void keepPruned(new LedgerPruning(stores), lease, config.LEDGER_RETENTION_DAYS, log, stop)
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
