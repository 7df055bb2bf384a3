import type { Config } from '../../config.ts'
import { Database } from '../../db/database.ts'
import { databaseAccess } from '../../db/database-access.ts'
import { createKafka } from '../../kafka/kafka-client.ts'
import { registryAccess } from '../../kafka/registry-access.ts'
import { SchemaRegistry } from '../../kafka/schema-registry.ts'
import { kafkaSecurity } from '../../kafka/security.ts'
import { createLogger } from '../../log.ts'
import type { Servers } from '../set-up.ts'

/** Runs a command's work with our own servers at hand, and lets go of them afterwards. */
export async function withServers<T>(
  config: Config<'kafka' | 'registry' | 'database' | 'http'>,
  work: (servers: Servers) => Promise<T>,
): Promise<T> {
  const clientId = `${config.KAFKA_GROUP_PREFIX}.command`
  const kafka = createKafka(config.KAFKA_BROKERS, clientId, createLogger('warn'), kafkaSecurity(config))
  const registry = new SchemaRegistry(config.SCHEMA_REGISTRY_URL, await registryAccess(config))
  const db = new Database(config.DATABASE_URL, databaseAccess(config, `command of ${config.KAFKA_GROUP_PREFIX}`))
  try {
    return await work({ kafka, registry, db })
  } finally {
    await db.close()
  }
}

/**
 * The same for work on tables that must be there.
 *
 * @throws EnrichmentError TABLES_OUTDATED, DATABASE_MISSING as well
 */
export async function withTables<T>(
  config: Parameters<typeof withServers>[0],
  work: (servers: Servers) => Promise<T>,
): Promise<T> {
  return withServers(config, async (servers) => {
    await servers.db.checkMigrated()
    return work(servers)
  })
}
