import { createAmazon } from './amazon/create-amazon.ts'
import { findMarketplace } from './amazon/marketplaces.ts'
import type { Config } from './config.ts'
import { Database } from './db/database.ts'
import { Quota } from './db/quota.ts'
import { createArtwork } from './enrich/artwork/create-artwork.ts'
import { saveArtwork } from './enrich/save-artwork.ts'
import { findLinkedAsins, saveLinks } from './enrich/save-links.ts'
import { EnrichmentError } from './errors.ts'
import { startIntake } from './intake/intake.ts'
import { groupNames, openCodecs, topicNames, topicPlans } from './kafka/event-topics.ts'
import { createKafka, withAdmin } from './kafka/kafka-client.ts'
import { SchemaRegistry } from './kafka/schema-registry.ts'
import { checkTopics } from './kafka/topics.ts'
import { createLogger } from './log.ts'
import { createModel } from './model/create-model.ts'
import { keepLagMetrics } from './ops/lag-metrics.ts'
import { startProbes } from './ops/probes.ts'
import { waitWhileAway } from './retry/wait-while-away.ts'
import { Ledger } from './worker/ledger.ts'
import { maxAlbumsInFlight, Worker } from './worker/worker.ts'

/** The parts of the service; each may run in a process of its own. */
export const ROLES = ['intake', 'worker'] as const
export type Role = (typeof ROLES)[number]

/**
 * The service: connect, check, then album.imported -> intake -> album.enrichment -> worker -> album.enriched, until told
 * to stop. Servers that are not there yet are waited for.
 *
 * @throws EnrichmentError TOPIC_WRONG, SCHEMA_NOT_REGISTERED, TABLES_OUTDATED: what `setup` or a person must mend first
 */
export async function run(config: Config, roles: Role[], stop: AbortSignal): Promise<void> {
  const { domain: marketplace, hasMusicIndex } = findMarketplace(config.AMAZON_MARKETPLACE)
  const log = createLogger(config.LOG_LEVEL)
  const kafka = createKafka(config.KAFKA_BROKERS, config.KAFKA_GROUP_PREFIX, log)
  const registry = new SchemaRegistry(config.SCHEMA_REGISTRY_URL)
  const db = new Database(config.DATABASE_URL)
  const members: { isJoined: boolean; stop(): Promise<void> }[] = []

  const probes = await startProbes(
    config.METRICS_PORT,
    {
      kafka: async () => {
        if (members.length === 0) await withAdmin(kafka, (admin) => admin.describeCluster())
        if (members.some(({ isJoined }) => !isJoined))
          throw new EnrichmentError('KAFKA_UNAVAILABLE', 'not in the group')
      },
      registry: () => registry.ping(),
      database: () => db.ping(),
      service: async () => {
        if (members.length === 0) throw new EnrichmentError('INTERNAL', 'still starting')
      },
    },
    log,
  )
  log.info({ port: probes.port, roles }, 'service starting')

  try {
    const topics = topicNames(config)
    const groups = groupNames(config)
    await waitWhileAway('start', () => checkTopics(kafka, topicPlans(config)), log, stop)
    await waitWhileAway('start', () => db.checkMigrated(), log, stop)
    const codecs = await waitWhileAway('start', () => openCodecs(config, registry), log, stop)

    if (roles.includes('intake')) {
      members.push(startIntake({ kafka, groupId: groups.intake, topics, ...codecs, log }))
    }
    if (roles.includes('worker')) {
      const amazon = createAmazon(config, {
        slots: new Quota(db, config.AMAZON_CREDENTIAL_ID, config.AMAZON_REQUESTS_PER_SECOND),
      })
      const model = createModel(config)
      const artworkStage = createArtwork(config, log)
      const ledger = new Ledger(db, marketplace)
      members.push(
        new Worker({
          kafka,
          groupId: groups.worker,
          requestTopics: [topics.express, topics.enrichment],
          db,
          topics,
          ...codecs,
          ledger,
          amazon,
          maxAlbumsInFlight: maxAlbumsInFlight(config),
          collaboratorsFor: (requestId, amazon) => ({
            marketplace,
            hasMusicIndex,
            amazon,
            model,
            modelUse: config.MODEL_USE,
            findLinkedAsins: (albumId) => findLinkedAsins(db, albumId, marketplace),
            saveLinks: (album, match) => saveLinks(db, album, match, { marketplace, requestId, now: new Date() }),
            saveArtwork: (album, accepted, signal) =>
              saveArtwork(db, artworkStage, album, accepted, { marketplace, requestId, now: new Date() }, signal),
          }),
          shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_SECONDS * 1_000,
          log,
        }),
      )
    }
    log.info({ roles }, 'service running')
    const followers = [
      { role: 'intake', group: groups.intake, topics: [topics.imported] },
      { role: 'worker', group: groups.worker, topics: [topics.express, topics.enrichment] },
    ].filter(({ role }) => roles.includes(role as Role))
    void keepLagMetrics(kafka, followers, log, stop)
    await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }))
    log.info({}, 'service stopping')
  } finally {
    await Promise.all(members.map((member) => member.stop()))
    await probes.close()
    await db.close()
  }
  log.info({}, 'service stopped')
}
