import pg from 'pg'
import { hostOfDatabase, schemaOfDatabase } from '../database-url.ts'
import type { DatabaseAccess } from './database-access.ts'
import { dropLostConnections } from './drop-lost-connections.ts'
import { secureConnections } from './secure-connections.ts'

export type Pool = InstanceType<typeof pg.Pool>

const STATEMENT_TIMEOUT_MS = 15_000
export const CONNECT_TIMEOUT_MS = 5_000
export const APPLICATION_NAME = 'album-enricher'
/** What the service's connections bear. */
export const LIMITS = {
  statement_timeout: STATEMENT_TIMEOUT_MS,
  // A process that is stopped in the middle of a save must not keep its successor from taking over.
  idle_in_transaction_session_timeout: 3_000,
  lock_timeout: 5_000,
  // A connection that is lost without a word must not hold a query longer than a statement may take.
  query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
  // A plan that was made for an empty table would read all of it when it has grown. Dates are read in ISO's style alone:
  // a database or role may have another one, and another isolation, by which a statement fails that had to wait.
  options:
    '-c plan_cache_mode=force_custom_plan -c datestyle=ISO -c default_transaction_isolation=read\\ committed ' +
    '-c album_enricher.is_direct=on',
}

/** The limits, and the URL's schema as the one in which every statement of the connections finds its tables. */
export function withSchema(limits: { options?: string }, url: string): { options?: string } {
  const schema = schemaOfDatabase(url)
  return schema === undefined ? limits : { ...limits, options: `${limits.options ?? ''} -c search_path=${schema}` }
}

/** date, timestamp, timestamptz, interval: MikroORM, which has the same connections, reads them itself. */
const READ_AS_TEXT = [1082, 1114, 1184, 1186]

/** Connections to PostgreSQL, made when they are needed. */
export function openPool(
  url: string,
  { name, poolMax = 10, url: current = () => url, password }: DatabaseAccess,
): Pool {
  const { port, pathname } = new URL(url)
  const types = new pg.TypeOverrides()
  for (const type of READ_AS_TEXT) types.setTypeParser(type, (text) => text)
  const pool = new pg.Pool({
    host: hostOfDatabase(url),
    port: Number(port),
    database: decodeURIComponent(pathname).replace(/^\//, ''),
    min: 0,
    max: poolMax,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    fallback_application_name: name ?? APPLICATION_NAME,
    types,
    ...withSchema(LIMITS, url),
  })
  // A connection that the server drops is an event of its own, and one that nobody listens to ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  pool.on('error', () => undefined)
  dropLostConnections(pool)
  secureConnections(pool, current, password)
  return pool
}
