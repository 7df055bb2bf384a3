import { readFile } from 'node:fs/promises'
import { loadConfig } from '../../config.ts'
import { openCodecs, topicNames } from '../../kafka/event-topics.ts'
import { createKafka } from '../../kafka/kafka-client.ts'
import { registryAccess } from '../../kafka/registry-access.ts'
import { SchemaRegistry } from '../../kafka/schema-registry.ts'
import { kafkaSecurity } from '../../kafka/security.ts'
import { createLogger } from '../../log.ts'
import { parseAlbums, publishAlbums } from '../publish-albums.ts'
import { fileError } from './file-error.ts'
import { print, printJson } from './output.ts'

/** `publish FILE.jsonl`: publishes albums as an importer would. */
export async function publishCommand(file: string, { json }: { json?: true }): Promise<void> {
  const config = loadConfig(['kafka', 'registry'])
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fileError(file, 'read', error)
  })
  const albums = parseAlbums(text)
  const clientId = `${config.KAFKA_GROUP_PREFIX}.command`
  const kafka = createKafka(config.KAFKA_BROKERS, clientId, createLogger('warn'), kafkaSecurity(config))
  const registry = new SchemaRegistry(config.SCHEMA_REGISTRY_URL, await registryAccess(config))
  const { imported } = await openCodecs(config, registry)
  await publishAlbums(kafka, topicNames(config).imported, imported, albums)
  if (json) printJson({ published: albums.length })
  else print(`${albums.length} albums published to ${topicNames(config).imported}`)
}
