import { createRequire } from 'node:module'
import type { ConfigResourceTypes } from 'kafkajs'
import type { Admin } from './kafka-client.ts'

// Named imports of this constant type-check but are undefined at run time: only the CommonJS default has it.
const { ConfigResourceTypes: resourceTypes } = createRequire(import.meta.url)('kafkajs') as {
  ConfigResourceTypes: typeof ConfigResourceTypes
}

/** Settings in force for topics that exist, by topic and name. @throws what withAdmin makes of a KafkaJS error */
export async function describeConfigs(
  admin: Admin,
  topics: readonly string[],
  names: string[],
): Promise<Map<string, Map<string, string>>> {
  if (topics.length === 0) return new Map()
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: resourceTypes.TOPIC, name, configNames: names })),
  })
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  )
}
