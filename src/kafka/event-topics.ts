import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import type { AlbumEnriched, AlbumImported, EnrichmentRequested } from '../events.ts'
import type { RecordCodec, SchemaRegistry } from './schema-registry.ts'
import type { TopicPlan } from './topics.ts'

/** Every topic by its part in the flow; the names that no setting gives are derived. */
export function topicNames(config: Config<'kafka'>) {
  return {
    imported: config.TOPIC_IMPORTED,
    enrichment: config.TOPIC_ENRICHMENT,
    /** Requests that must not wait behind a backlog: an operator's, an editor's. */
    express: `${config.TOPIC_ENRICHMENT}.express`,
    enriched: config.TOPIC_ENRICHED,
    dead: `${config.TOPIC_ENRICHMENT}.dead`,
  }
}

/** Consumer groups, also the beginnings of the transactional ids. */
export function groupNames(config: Config<'kafka'>) {
  return { intake: `${config.KAFKA_GROUP_PREFIX}.intake`, worker: `${config.KAFKA_GROUP_PREFIX}.worker` }
}

/** Room for a dead letter's headers beside the largest record that another topic takes. */
const DEAD_LETTER_BYTES = 2_097_152

/** How the topics are created, and what start-up insists on. */
export function topicPlans(config: Config<'kafka'>): TopicPlan[] {
  const names = topicNames(config)
  const open = { partitions: 6, keepsForever: false, mustHaveOnePartition: false }
  const lane = { partitions: 1, keepsForever: true, mustHaveOnePartition: true }
  return [
    { topic: names.imported, ...open },
    { topic: names.enrichment, ...lane },
    { topic: names.express, ...lane },
    { topic: names.enriched, ...open },
    { topic: names.dead, ...lane, mustHaveOnePartition: false, maxMessageBytes: DEAD_LETTER_BYTES },
  ]
}

/** The schema of each topic's values, by subject. */
export function schemasBySubject(config: Config<'kafka'>): Map<string, string> {
  const { imported, enrichment, express, enriched } = topicNames(config)
  return new Map([
    [`${imported}-value`, readSchema('album.imported')],
    [`${enrichment}-value`, readSchema('album.enrichment')],
    [`${express}-value`, readSchema('album.enrichment')],
    [`${enriched}-value`, readSchema('album.enriched')],
  ])
}

export interface EventCodecs {
  imported: RecordCodec<AlbumImported>
  requested: RecordCodec<EnrichmentRequested>
  enriched: RecordCodec<AlbumEnriched>
}

/** @throws EnrichmentError SCHEMA_NOT_REGISTERED, REGISTRY_UNAVAILABLE */
export async function openCodecs(config: Config<'kafka'>, registry: SchemaRegistry): Promise<EventCodecs> {
  const { imported, enrichment, enriched } = topicNames(config)
  return {
    imported: await registry.openCodec(`${imported}-value`, readSchema('album.imported')),
    requested: await registry.openCodec(`${enrichment}-value`, readSchema('album.enrichment')),
    enriched: await registry.openCodec(`${enriched}-value`, readSchema('album.enriched')),
  }
}

function readSchema(name: string): string {
  return readFileSync(new URL(`../../schemas/${name}.avsc`, import.meta.url), 'utf8')
}
