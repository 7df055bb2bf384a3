import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import type { AlbumEnriched, AlbumImported, EnrichmentRequested } from '../events.ts'
import { type Kafka, withAdmin } from './kafka-client.ts'
import type { RecordCodec, SchemaRegistry } from './schema-registry.ts'
import type { TopicCopies, TopicPlan } from './topics.ts'

/** Every topic by its part in the flow; the names that no setting gives are derived. */
export function topicNames(config: Config<'kafka'>) {
  return {
    imported: config.TOPIC_IMPORTED,
    enrichment: config.TOPIC_ENRICHMENT,
    /** Requests that must not wait behind a backlog: an operator's, an editor's. */
    express: `${config.TOPIC_ENRICHMENT}.express`,
    enriched: config.TOPIC_ENRICHED,
    /** Requests that wait to be tried again, by the tier's label, shortest delay first. */
    retry: Object.fromEntries(
      config.RETRY_DELAYS.map(({ label }) => [label, `${retryPrefix(config.TOPIC_ENRICHMENT)}${label}`]),
    ),
    dead: `${config.TOPIC_ENRICHMENT}.dead`,
  }
}

const retryPrefix = (enrichment: string) => `${enrichment}.retry.`

/**
 * Every topic of retries that there is: also those of tiers that the settings no longer name, whose records still wait.
 *
 * @throws EnrichmentError KAFKA_UNAVAILABLE
 */
export async function listRetryTopics(kafka: Kafka, enrichment: string): Promise<string[]> {
  const topics = await withAdmin(kafka, (admin) => admin.listTopics())
  return topics.filter((topic) => topic.startsWith(retryPrefix(enrichment))).sort()
}

/** Whether a part of the service follows it: also a tier's that the settings no longer name. */
export function isFollowed(config: Config<'kafka'>, topic: string): boolean {
  const { imported, enrichment, express } = topicNames(config)
  return [imported, enrichment, express].includes(topic) || topic.startsWith(retryPrefix(enrichment))
}

/** The label in a name of listRetryTopics. */
export function tierLabel(enrichment: string, retryTopic: string): string {
  return retryTopic.slice(retryPrefix(enrichment).length)
}

/** Consumer groups, also the beginnings of the transactional ids. */
export function groupNames(config: Config<'kafka'>) {
  const { KAFKA_GROUP_PREFIX: prefix } = config
  return { intake: `${prefix}.intake`, worker: `${prefix}.worker`, relay: `${prefix}.relay` }
}

/**
 * Bytes that topics take for a batch, compressed. An importer's topic takes 1 MB unless told otherwise; each hop adds
 * headers, so the topics further on take 1 MB more than the one that their records come from. The topic of results is
 * other people's too, so it is asked for no more than Kafka's own default.
 */
export const MESSAGE_BYTES = { request: 2_097_152, retry: 3_145_728, dead: 3_145_728, result: 1_048_588 }

/** How the topics are created, and what start-up insists on. */
export function topicPlans(config: Config<'kafka'>): TopicPlan[] {
  const names = topicNames(config)
  const open = { partitions: 6, keepsForever: false, mustHaveOnePartition: false }
  const lane = { partitions: 1, keepsForever: true, mustHaveOnePartition: true }
  return [
    { topic: names.imported, ...open },
    { topic: names.enrichment, ...lane, maxMessageBytes: MESSAGE_BYTES.request },
    { topic: names.express, ...lane, maxMessageBytes: MESSAGE_BYTES.request },
    { topic: names.enriched, ...open, maxMessageBytes: MESSAGE_BYTES.result },
    ...Object.values(names.retry).map((topic) => ({ topic, ...lane, maxMessageBytes: MESSAGE_BYTES.retry })),
    { topic: names.dead, ...lane, mustHaveOnePartition: false, maxMessageBytes: MESSAGE_BYTES.dead },
  ]
}

/** How many copies new topics get. */
export function topicCopies(config: Config<'kafka'>): TopicCopies {
  return {
    replicationFactor: config.TOPIC_REPLICATION_FACTOR,
    minInsyncReplicas: config.TOPIC_MIN_INSYNC_REPLICAS,
  }
}

/** The schema of each topic's values, by subject. */
export function schemasBySubject(config: Config<'kafka'>): Map<string, string> {
  const { imported, enrichment, express, retry, enriched } = topicNames(config)
  const request = readSchema('album.enrichment')
  return new Map([
    [`${imported}-value`, readSchema('album.imported')],
    ...[enrichment, express, ...Object.values(retry)].map((topic) => [`${topic}-value`, request] as const),
    [`${enriched}-value`, readSchema('album.enriched')],
  ])
}

/** The importer's, who may have brought schemas of its own. */
export const importedSubject = (config: Config<'kafka'>) => `${topicNames(config).imported}-value`

/** Of the requests, which nobody but us writes. */
export const requestSubject = (config: Config<'kafka'>) => `${topicNames(config).enrichment}-value`

export interface EventCodecs {
  imported: RecordCodec<AlbumImported>
  requested: RecordCodec<EnrichmentRequested>
  enriched: RecordCodec<AlbumEnriched>
}

/** @throws EnrichmentError SCHEMA_NOT_REGISTERED, REGISTRY_UNAVAILABLE */
export async function openCodecs(config: Config<'kafka'>, registry: SchemaRegistry): Promise<EventCodecs> {
  const { enriched } = topicNames(config)
  return {
    imported: await registry.openCodec(importedSubject(config), readSchema('album.imported'), true),
    requested: await registry.openCodec(requestSubject(config), readSchema('album.enrichment')),
    enriched: await registry.openCodec(`${enriched}-value`, readSchema('album.enriched')),
  }
}

function readSchema(name: string): string {
  return readFileSync(new URL(`../../schemas/${name}.avsc`, import.meta.url), 'utf8')
}
