import type { Config } from '../../config.ts'
import { Database } from '../../db/database.ts'
import { createKafka } from '../../kafka/kafka-client.ts'
import { SchemaRegistry } from '../../kafka/schema-registry.ts'
import { createLogger } from '../../log.ts'
import type { Servers } from '../set-up.ts'

/** Runs a command's work with our own servers at hand, and lets go of them afterwards. */
export async function withServers<T>(
  config: Config<'kafka' | 'registry' | 'database'>,
  work: (servers: Servers) => Promise<T>,
): Promise<T> {
  const kafka = createKafka(config.KAFKA_BROKERS, `${config.KAFKA_GROUP_PREFIX}.command`, createLogger('warn'))
  const db = new Database(config.DATABASE_URL)
  try {
    return await work({ kafka, registry: new SchemaRegistry(config.SCHEMA_REGISTRY_URL), db })
  } finally {
    await db.close()
  }
}
