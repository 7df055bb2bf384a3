import { loadConfig } from '../../config.ts'
import { openCodecs, topicPlans } from '../../kafka/event-topics.ts'
import { checkTopics } from '../../kafka/topics.ts'
import { setUp, warnings } from '../set-up.ts'
import { print, printJson } from './output.ts'
import { withServers } from './with-servers.ts'

interface Options {
  check?: true
  /** False: registers no schema. */
  register: boolean
  json?: true
}

/** `setup`: creates tables, topics and schemas; with `check` only looks whether they are as they must be. */
export async function setupCommand({ check, register, json }: Options): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database'])
  const done = await withServers(config, async (servers) => {
    if (!check) return setUp(config, servers, register)
    await checkTopics(servers.kafka, topicPlans(config))
    await servers.db.checkMigrated()
    await openCodecs(config, servers.registry)
    return [
      'tables, topics and schemas are as this build needs them',
      ...(await warnings(servers.kafka, topicPlans(config))),
    ]
  })
  if (json) printJson({ done })
  else for (const line of done) print(line)
}
