import { loadConfig } from '../../config.ts'
import { Database } from '../../db/database.ts'
import { databaseAccess } from '../../db/database-access.ts'
import { EnrichmentError } from '../../errors.ts'
import { topicPlans } from '../../kafka/event-topics.ts'
import { findMissing, setUp, warnings } from '../set-up.ts'
import { print, printJson } from './output.ts'
import { withServers } from './with-servers.ts'

interface Options {
  check?: true
  printSql?: true
  createDatabase?: boolean
  /** False: registers no schema. */
  register: boolean
  json?: true
}

/**
 * `setup`: creates tables, topics and schemas; with `check` only looks, and tells all that is not as it must be; with
 * `printSql` it prints what it would do to the tables, for somebody else to do.
 */
export async function setupCommand({
  check,
  printSql,
  createDatabase = false,
  register,
  json,
}: Options): Promise<void> {
  if (printSql) return printMigrations(json)
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

/** It needs the database alone. A comment, where nothing is to be done, is SQL too. */
async function printMigrations(json: true | undefined): Promise<void> {
  const config = loadConfig(['database'])
  const db = new Database(config.DATABASE_URL, databaseAccess(config, 'setup'))
  try {
    const sql = await db.writeMigrations()
    if (json) printJson({ sql })
    else print(sql === '' ? '-- the tables are as this build needs them' : `${HOW_TO_RUN}\n${sql}`.trimEnd())
  } finally {
    await db.close()
  }
}

const HOW_TO_RUN = `-- Run it with psql -v ON_ERROR_STOP=1 -f FILE, and not as a single transaction: large tables are gone through while the
-- service works. Should it stop at a lock, print it again: what is done is left out.`
