import { loadConfig } from '../../config.ts'
import { EnrichmentError } from '../../errors.ts'
import { topicPlans } from '../../kafka/event-topics.ts'
import { findMissing, setUp, warnings } from '../set-up.ts'
import { print, printJson } from './output.ts'
import { withServers } from './with-servers.ts'

interface Options {
  check?: true
  createDatabase?: boolean
  /** False: registers no schema. */
  register: boolean
  json?: true
}

/** `setup`: creates tables, topics and schemas; with `check` only looks, and tells all that is not as it must be. */
export async function setupCommand({ check, createDatabase = false, register, json }: Options): Promise<void> {
  const config = loadConfig(['kafka', 'registry', 'database'])
  const done = await withServers(config, async (servers) => {
    if (!check) return setUp(config, servers, { createsDatabase: createDatabase, registers: register })
    const [first, ...others] = await findMissing(config, servers)
    if (first !== undefined)
      throw new EnrichmentError(first.code, [first, ...others].map(({ message }) => message).join('\n'))
    return [
      'tables, topics and schemas are as this build needs them',
      ...(await warnings(servers.kafka, topicPlans(config))),
    ]
  })
  if (json) printJson({ done })
  else for (const line of done) print(line)
}
