import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from './config.ts'
import { Database } from './db/database.ts'
import { databaseAccess } from './db/database-access.ts'
import type { Member } from './holds/member.ts'
import { waitWhileAway } from './holds/wait-while-away.ts'
import { checkGroups } from './kafka/check-groups.ts'
import { groupNames, isFollowed, listRetryTopics, openCodecs, topicNames, topicPlans } from './kafka/event-topics.ts'
import { createKafka } from './kafka/kafka-client.ts'
import { registryAccess } from './kafka/registry-access.ts'
import { SchemaRegistry } from './kafka/schema-registry.ts'
import { kafkaSecurity } from './kafka/security.ts'
import { findWeaknesses } from './kafka/topic-health.ts'
import { checkTopics } from './kafka/topics.ts'
import { createLogger } from './log.ts'
import { findMarketplace } from './marketplaces.ts'
import { nameLane } from './metrics.ts'
import { keepDiscardedImagesDeleted } from './ops/keep-discarded.ts'
import { keepFactsEnded } from './ops/keep-facts-ended.ts'
import { keepLagMetrics } from './ops/lag-metrics.ts'
import { startProbes } from './ops/probes.ts'
import { readinessOf } from './ops/readiness.ts'
import { keepReviewMetrics } from './ops/review-metrics.ts'
import { startCounters, tellStartWaits } from './ops/start-counters.ts'
import { keepStoredMetrics } from './ops/stored-metrics.ts'
import { orAborted } from './or-aborted.ts'
import { keepOutboxSent } from './relay/outbox.ts'
import type { Role } from './roles.ts'

/**
 * The service: connect, check, then album.imported -> intake -> album.enrichment -> worker -> album.enriched, with what
 * failed -> retry topics -> relay -> express -> worker, until told to stop. Servers that are not there yet are waited for.
 *
 * @throws EnrichmentError TOPIC_WRONG, SCHEMA_NOT_REGISTERED, TABLES_OUTDATED: what `setup` or a person must mend first
 */
export async function run(config: Config, roles: Role[], stop: AbortSignal): Promise<void> {
  const log = createLogger(config.LOG_LEVEL)
  const kafka = createKafka(config.KAFKA_BROKERS, config.KAFKA_GROUP_PREFIX, log, kafkaSecurity(config))
  const registry = new SchemaRegistry(config.SCHEMA_REGISTRY_URL, await registryAccess(config))
  const db = new Database(
    config.DATABASE_URL,
    databaseAccess(config, `${roles.join('+')} of ${config.KAFKA_GROUP_PREFIX}`),
  )
  const topics = topicNames(config)
  const groups = groupNames(config)
  const plans = topicPlans(config)
  const ownTopics = plans.map(({ topic }) => topic)
  const members: Partial<Record<Role, Member>> = {}
  const { domain: marketplace } = findMarketplace(config.AMAZON_MARKETPLACE)
  nameLane(config.KAFKA_GROUP_PREFIX)
  startCounters(roles, { marketplace, tiers: config.RETRY_DELAYS })

  const readiness = readinessOf(config, { kafka, registry, db }, members)
  const probes = await startProbes(config.METRICS_PORT, readiness, log, config.HTTP_BIND)
  log.info({ port: probes.port, roles }, 'service starting')
  try {
    // A server that takes the connection and does not answer is waited for in vain, and not after the word to stop.
    const whenThere = <T>(work: () => Promise<T>) =>
      orAborted(waitWhileAway('start', work, log, stop, tellStartWaits(roles)), stop)
    await whenThere(() => checkTopics(kafka, plans))
    for (const weakness of await whenThere(() => findWeaknesses(kafka, ownTopics)))
      log.warn({ weakness }, 'topic is weak')
    await whenThere(() => db.checkMigrated())
    if (!(await whenThere(() => db.isDirect())))
      log.warn({}, 'PostgreSQL is behind a pooler: its role must set the time-outs')
    const codecs = await whenThere(() => openCodecs(config, registry))
    const ownGroups = roles.map((role) => groups[role])
    await whenThere(() => checkGroups(kafka, ownGroups, (topic) => isFollowed(config, topic)))

    // Each loads what it needs and no more: a process of intake alone has neither a model's client nor one of Amazon.
    const start: Record<Role, () => Promise<Member>> = {
      async intake() {
        const { Intake } = await import('./intake/intake.ts')
        const intake = new Intake(config, { kafka, db, codecs, log })
        intake.start()
        return intake
      },
      worker: async () => (await import('./worker/start-worker.ts')).startWorker(config, { kafka, db, codecs, log }),
      async relay() {
        const { Relay } = await import('./relay/relay.ts')
        const listTiers = () => listRetryTopics(kafka, topics.enrichment)
        const relay = new Relay({ kafka, db, log, groupId: groups.relay, listTiers, topics })
        relay.start()
        return relay
      },
    }
    for (const role of roles) members[role] = await start[role]()
    log.info({ roles }, 'service running')

    const followers = roles.map((role) => ({ group: groups[role], topics: () => members[role]?.topics ?? [] }))
    void keepLagMetrics(kafka, followers, log, stop)
    const stored = {
      lastResultOf: members.worker?.topics ?? null,
      deadLettersIn: roles.includes('relay') ? topics.dead : null,
    }
    void keepStoredMetrics({ kafka, db, log }, stored, stop)
    if (roles.includes('worker')) {
      if (config.FORGET_TOMBSTONES === 'yes') void keepOutboxSent({ db, kafka, topic: topics.enriched, log }, stop)
      void keepReviewMetrics(db, marketplace, log, stop)
      void keepFactsEnded(config, { db, log }, stop)
      const { createObjectStore } = await import('./storage/object-store.ts')
      const store = createObjectStore(config.ARTWORK_STORE)
      void keepDiscardedImagesDeleted({ db, store, log }, marketplace, stop)
    }
    if (!stop.aborted) await once(stop, 'abort')
    log.info({}, 'service stopping')
  } catch (error) {
    // Told to stop while it still waited for a server: that is an ordinary end.
    if (!stop.aborted) throw error
  } finally {
    const closing = (async () => {
      await Promise.all(Object.values(members).map((member) => member.stop()))
      await probes.close()
      await db.close()
      return true
    })()
    // A server that hangs must not keep us: whatever is not closed by then ends with the process.
    const timeout = delay(config.SHUTDOWN_TIMEOUT_SECONDS * 1_000, false)
    if (!(await Promise.race([closing, timeout]))) log.warn({}, 'servers do not answer: stopping without goodbye')
  }
  log.info({}, 'service stopped')
}
