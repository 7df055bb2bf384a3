import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { createDatabase } from './create-database.ts'

/** The service's settings for one test; more may be added by the test. */
export interface TestEnv extends Record<string, string> {
  KAFKA_BROKERS: string
  SCHEMA_REGISTRY_URL: string
  DATABASE_URL: string
  KAFKA_GROUP_PREFIX: string
  TOPIC_IMPORTED: string
  TOPIC_ENRICHMENT: string
  TOPIC_ENRICHED: string
  METRICS_PORT: string
}

/**
 * Settings for a service of the test's own on the shared servers: a new database, and names of topics and groups that
 * nobody else uses (the topics are not created). Nothing is deleted afterwards, so that a failed test can be looked at.
 */
export async function createTestEnv(): Promise<TestEnv> {
  const prefix = `test-${randomUUID().slice(0, 8)}`
  return {
    KAFKA_BROKERS: inject('kafkaBrokers'),
    SCHEMA_REGISTRY_URL: inject('registryUrl'),
    DATABASE_URL: await createDatabase(inject('databaseUrl'), prefix),
    KAFKA_GROUP_PREFIX: prefix,
    TOPIC_IMPORTED: `${prefix}.album.imported`,
    TOPIC_ENRICHMENT: `${prefix}.album.enrichment`,
    TOPIC_ENRICHED: `${prefix}.album.enriched`,
    METRICS_PORT: '0',
  }
}
