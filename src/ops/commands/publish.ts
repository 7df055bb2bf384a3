import { readFile } from 'node:fs/promises'
import { loadConfig } from '../../config.ts'
import { openCodecs, topicNames } from '../../kafka/event-topics.ts'
import { createKafka } from '../../kafka/kafka-client.ts'
import { SchemaRegistry } from '../../kafka/schema-registry.ts'
import { createLogger } from '../../log.ts'
import { parseAlbums, publishAlbums } from '../publish-albums.ts'
import { print, printJson } from './output.ts'

/** `publish FILE.jsonl`: publishes albums as an importer would. */
export async function publishCommand(file: string, { json }: { json?: true }): Promise<void> {
  const config = loadConfig(['kafka', 'registry'])
  const albums = parseAlbums(await readFile(file, 'utf8'))
  const kafka = createKafka(config.KAFKA_BROKERS, `${config.KAFKA_GROUP_PREFIX}.command`, createLogger('warn'))
  const { imported } = await openCodecs(config, new SchemaRegistry(config.SCHEMA_REGISTRY_URL))
  await publishAlbums(kafka, topicNames(config).imported, imported, albums)
  if (json) printJson({ published: albums.length })
  else print(`${albums.length} albums published to ${topicNames(config).imported}`)
}
