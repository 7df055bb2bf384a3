import { setTimeout as delay } from 'node:timers/promises'
import type { MikroORM } from '@mikro-orm/core'
import type { PostgreSqlDriver } from '@mikro-orm/postgresql'
import { EnrichmentError } from '../errors.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { LIMIT_LOCKS_AGAIN } from './migrations/online.ts'
import type { PreparedPool } from './prepared.ts'

/**
 * A migration may take as long as its table is large. But while it waits for a table, all others wait behind it: so it
 * gives way before their own patience (`LOCK_TIMEOUT_MS` of the service) is over, and tries again.
 */
export const MIGRATION_LIMITS = {
  statement_timeout: undefined,
  query_timeout: undefined,
  idle_in_transaction_session_timeout: undefined,
  lock_timeout: 2_000,
  keepAlive: true,
  // Said here, since pg leaves a zero out, and the role or the server may have limits of their own.
  options: '-c statement_timeout=0 -c idle_in_transaction_session_timeout=0',
}

const AGAIN_AFTER_MS = 1_000
const PATIENCE_MS = 600_000
/** Lock not available, deadlock (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const PASSING = ['55P03', '40P01']

/** Any number will do that nobody else in the database has. */
const LOCK = 'select pg_try_advisory_xact_lock(4180339725) as is'

/**
 * Runs work that no other set-up of the database does at the same time. The lock is asked for again and again, since who
 * waits for one has a snapshot, which the build of an index waits for in turn. It is a transaction's, which between its
 * statements has none, so that a pooler keeps it too.
 *
 * @throws EnrichmentError DATABASE_UNAVAILABLE where another set-up takes longer than ten minutes; what the work or
 *   PostgreSQL throws
 */
export async function whileAlone<T>(pool: PreparedPool, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE_MS
  const client = await pool.connect()
  try {
    await client.query('begin isolation level read committed')
    await client.query('set local idle_in_transaction_session_timeout = 0')
    for (;;) {
      const { rows } = await client.query(LOCK)
      if ((rows[0] as { is: boolean }).is) return await work()
      if (Date.now() > until)
        throw new EnrichmentError('DATABASE_UNAVAILABLE', 'PostgreSQL: another `album-enricher setup` is still at work')
      await delay(AGAIN_AFTER_MS)
    }
  } finally {
    // What it was held for is done, also where its connection is lost by now.
    await client.query('rollback').catch(() => undefined)
    client.release(true)
  }
}

/** Where the tables are, or will be; null where the search path names no schema that is there. */
const SCHEMA = `
  select coalesce(
    (select nspname from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where pg_class.oid = to_regclass('mikro_orm_migrations')),
    current_schema()) as schema`

/**
 * Runs the migrations that are outstanding, on connections of their own.
 *
 * @throws what PostgreSQL throws; what was done until then is done, and the next call goes on behind it
 */
export async function migrate(orm: MikroORM<PostgreSqlDriver>): Promise<void> {
  // The migrator would look for its table in public alone, wherever the role's search path has it.
  const connection = orm.em.getConnection()
  const [found] = await connection.execute<{ schema: string | null }[]>(SCHEMA)
  if (found?.schema) orm.config.set('schema', found.schema)
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      // The build of an index that failed has left the session without a limit.
      await connection.execute(LIMIT_LOCKS_AGAIN)
      await orm.migrator.up()
      return
    } catch (error) {
      const { code } = error as { code?: string }
      if (!PASSING.includes(code ?? '') || Date.now() > until) throw error
      await delay(AGAIN_AFTER_MS)
    }
  }
}

const TABLE = `create table if not exists "mikro_orm_migrations" (
  "id" serial primary key, "name" varchar(255) not null, "executed_at" timestamptz not null default current_timestamp)`

/**
 * What `migrate` would run, for `psql` in the hands of somebody who may; it asks the database nothing.
 *
 * @param pending names of the migrations
 * @param schema where the tables are; undefined: where the one who runs it has them
 */
export function writeMigrations(
  orm: MikroORM<PostgreSqlDriver>,
  pending: readonly string[],
  schema: string | undefined,
): string {
  if (pending.length === 0) return ''
  const place = schema === undefined ? [] : [`create schema if not exists "${schema}"`, `set search_path = "${schema}"`]
  // What psql's own session begins with has no such limit.
  const limitLocks = `set lock_timeout = ${MIGRATION_LIMITS.lock_timeout}`
  const statements = ['set statement_timeout = 0', limitLocks, ...place, TABLE]
  for (const { name, class: MigrationClass } of MIGRATIONS) {
    if (!pending.includes(name)) continue
    const migration = new MigrationClass(orm.em.getDriver(), orm.config)
    migration.up()
    const isWhole = migration.isTransactional()
    if (isWhole) statements.push('begin')
    const queries = migration.getQueries().map((sql) => String(sql).trim())
    statements.push(...queries.map((sql) => (sql === LIMIT_LOCKS_AGAIN ? limitLocks : sql)))
    statements.push(`insert into "mikro_orm_migrations" ("name") values ('${name}')`)
    if (isWhole) statements.push('commit')
  }
  return statements.map((sql) => `${sql};\n`).join('')
}
