import { createAmazon } from '../amazon/create-amazon.ts'
import { findMarketplace } from '../amazon/marketplaces.ts'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { Quota } from '../db/quota.ts'
import { createArtwork } from '../enrich/artwork/create-artwork.ts'
import { saveArtwork } from '../enrich/save-artwork.ts'
import { findLinkedAsins, saveLinks } from '../enrich/save-links.ts'
import { type EventCodecs, groupNames, topicNames } from '../kafka/event-topics.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import type { Logger } from '../log.ts'
import { createModel } from '../model/create-model.ts'
import { Ledger } from './ledger.ts'
import { maxAlbumsInFlight, Worker } from './worker.ts'

interface Surroundings {
  kafka: Kafka
  db: Database
  codecs: EventCodecs
  log: Logger
}

/**
 * The lane's worker with everything that the settings name: Amazon, the model, the image hosts and the stores.
 *
 * @throws EnrichmentError CONFIG_INVALID for an unknown marketplace
 */
export function startWorker(config: Config, { kafka, db, codecs, log }: Surroundings): Worker {
  const { domain: marketplace, hasMusicIndex } = findMarketplace(config.AMAZON_MARKETPLACE)
  const { AMAZON_CREDENTIAL_ID: account, AMAZON_REQUESTS_PER_SECOND: requestsPerSecond } = config
  const topics = topicNames(config)
  const model = createModel(config)
  const artworkStage = createArtwork(config, log)
  return new Worker({
    kafka,
    db,
    groupId: groupNames(config).worker,
    requestTopics: [topics.express, topics.enrichment],
    topics,
    ...codecs,
    ledger: new Ledger(db, marketplace),
    amazon: createAmazon(config, { slots: new Quota(db, account, requestsPerSecond) }),
    maxAlbumsInFlight: maxAlbumsInFlight(config),
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_SECONDS * 1_000,
    log,
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
  })
}
