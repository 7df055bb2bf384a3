import type { MikroORM } from '@mikro-orm/core'
import type { EntityManager, PostgreSqlDriver } from '@mikro-orm/postgresql'
import { schemaOfDatabase } from '../database-url.ts'
import { EnrichmentError } from '../errors.ts'
import type { DatabaseAccess } from './database-access.ts'
import { databaseError } from './database-error.ts'
import { MIGRATION_NAMES } from './migrations/names.ts'
import { openPool, type Pool } from './open-pool.ts'
import { inTransaction, type Query, queryOf, type Statement } from './prepared.ts'
import { REPEATS, repeat } from './repeat.ts'

export type { EntityManager }

const LOST_SCHEMA =
  'DATABASE_URL: its schema does not get past the pooler: leave it out, and set search_path for the role (alter role ... set ...)'

/**
 * The service's PostgreSQL database; connects when first used. MikroORM, half of a command's start, is loaded by the first
 * work that wants an entity manager: commands alone do. What a running service asks are statements.
 */
export class Database {
  readonly #url: string
  readonly #access: DatabaseAccess
  readonly #pool: Pool
  #orm: Promise<MikroORM<PostgreSqlDriver>> | undefined
  #isDirect: boolean | undefined

  constructor(url: string, access: DatabaseAccess = {}) {
    this.#url = url
    this.#access = access
    this.#pool = openPool(url, access)
  }

  /**
   * One piece of a command's work in a transaction of its own, with an entity manager that nobody else uses. It is done anew
   * where others were in its way, and so MUST have no effects outside of the transaction.
   *
   * @throws EnrichmentError DATABASE_UNAVAILABLE when PostgreSQL fails or does not answer, the other DATABASE_ codes where
   *   it says why, DATA_REFUSED; the work's own errors as they are
   */
  async transaction<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      const { em } = await this.#entities()
      const options = { isolationLevel: 'read committed' } as const
      return await repeat(() => em.fork().transactional((forked) => work(forked as EntityManager), options), REPEATS)
    } catch (error) {
      throw databaseError(error)
    }
  }

  /**
   * The same with prepared statements alone, past the entity manager: for the running service.
   *
   * @param repeats NO_REPEATS for work that has effects outside of the transaction
   * @throws as `transaction`
   */
  async prepared<T>(work: (query: Query) => Promise<T>, repeats = REPEATS): Promise<T> {
    try {
      const isDirect = await this.isDirect()
      return await repeat(() => inTransaction(this.#pool, isDirect, work), repeats)
    } catch (error) {
      throw databaseError(error)
    }
  }

  /** One prepared statement, without a transaction around it. @throws as `transaction` */
  async run<Row extends object>(statement: Statement<Row>, values: unknown[]): Promise<Row[]> {
    try {
      const query = queryOf(this.#pool, await this.isDirect())
      return await repeat(() => query(statement, values), REPEATS)
    } catch (error) {
      throw databaseError(error)
    }
  }

  /**
   * Whether a connection is one to PostgreSQL, with all that it was opened with. A pooler such as PgBouncer leaves that out,
   * and may give each transaction to another session: nothing is prepared under a name there, and no time-out of ours holds.
   *
   * @throws as `transaction`
   */
  async isDirect(): Promise<boolean> {
    if (this.#isDirect === undefined) {
      const asked = `select current_setting('album_enricher.is_direct', true) = 'on' as is`
      const [found] = await this.#ask<{ is: boolean | null }>(asked)
      this.#isDirect = found?.is === true
    }
    return this.#isDirect
  }

  /** A statement without values, which no connection prepares. */
  async #ask<Row>(text: string): Promise<Row[]> {
    try {
      return (await this.#pool.query(text)).rows as Row[]
    } catch (error) {
      throw databaseError(error)
    }
  }

  #entities(): Promise<MikroORM<PostgreSqlDriver>> {
    this.#orm ??= import('./orm.ts').then(({ openOrm }) => openOrm(this.#url, this.#pool))
    return this.#orm
  }

  /** Reads, or single statements, without a transaction. @throws as `transaction` */
  async query<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      const { em } = await this.#entities()
      return await work(em.fork() as EntityManager)
    } catch (error) {
      throw databaseError(error)
    }
  }

  /** @throws EnrichmentError DATABASE_UNAVAILABLE when it does not answer */
  async ping(): Promise<void> {
    await this.#ask('select 1')
  }

  /** @throws EnrichmentError DATABASE_READ_ONLY for a standby, or one that was told to let nobody write */
  async checkWritable(): Promise<void> {
    const [found] = await this.#ask<{ is: boolean }>(`select current_setting('transaction_read_only') = 'on' as is`)
    if (!found?.is) return
    const remedy = 'point DATABASE_URL at the primary, or make this server one again'
    throw new EnrichmentError('DATABASE_READ_ONLY', `PostgreSQL only lets read, so no hold is told here: ${remedy}`)
  }

  /**
   * Creates or updates the tables; answers the names of the migrations run.
   *
   * @param createDatabase whether to create the database too, where there is none
   * @throws EnrichmentError DATABASE_MISSING, DATABASE_UNAVAILABLE
   */
  async migrate(createDatabase = false): Promise<string[]> {
    // The migrator makes whatever database it does not find, and so a mistyped one too.
    if (!createDatabase) await this.ping()
    const [{ databaseConfig }, { MikroORM }, { MIGRATION_LIMITS, migrate, whileAlone }] = await Promise.all([
      import('./orm.ts'),
      import('@mikro-orm/core'),
      import('./migrate.ts'),
    ])
    // One connection: what a migration sets holds for its next statement.
    const orm = new MikroORM(databaseConfig(this.#url, { ...this.#access, poolMax: 1 }, MIGRATION_LIMITS))
    try {
      if (createDatabase) await orm.schema.ensureDatabase()
      if ((await this.pendingMigrations()).length === 0) return []
      return await whileAlone(this.#pool, async () => {
        const pending = await this.pendingMigrations()
        if (pending.length === 0) return pending
        await this.#makeSchema()
        await migrate(orm)
        return pending
      })
    } catch (error) {
      throw databaseError(error)
    } finally {
      await orm.close(true)
    }
  }

  /** The URL's, where there is none yet. */
  async #makeSchema(): Promise<void> {
    const schema = schemaOfDatabase(this.#url)
    if (schema === undefined) return
    // "if not exists" asks for the right to make it also where it is there.
    const found = await this.#ask(`select 1 from pg_namespace where nspname = '${schema}'`)
    if (found.length === 0) await this.#ask(`create schema if not exists "${schema}"`)
  }

  /**
   * The migrations of this build that the database lacks, in their order. Changes nothing: the migrator would make its table.
   *
   * @throws EnrichmentError DATABASE_MISSING, DATABASE_UNAVAILABLE; CONFIG_INVALID where a pooler leaves out the URL's schema
   */
  async pendingMigrations(): Promise<string[]> {
    const asked = `select to_regclass('mikro_orm_migrations') is not null as is, current_schema() as schema`
    const [found] = await this.#ask<{ is: boolean; schema: string | null }>(asked)
    const schema = schemaOfDatabase(this.#url)
    // Where there is no such schema yet there is none at hand.
    if (schema !== undefined && (found?.schema ?? schema) !== schema)
      throw new EnrichmentError('CONFIG_INVALID', LOST_SCHEMA)
    const done = found?.is ? await this.#ask<{ name: string }>('select name from mikro_orm_migrations') : []
    const names = new Set(done.map(({ name }) => name))
    return MIGRATION_NAMES.filter((name) => !names.has(name))
  }

  /** The SQL of what `migrate` would do, for `psql`; empty when nothing is to be done. @throws as `pendingMigrations` */
  async writeMigrations(): Promise<string> {
    const { writeMigrations } = await import('./migrate.ts')
    return writeMigrations(await this.#entities(), await this.pendingMigrations(), schemaOfDatabase(this.#url))
  }

  /** @throws EnrichmentError TABLES_OUTDATED when migrations of this build are missing, and as `pendingMigrations` */
  async checkMigrated(): Promise<void> {
    const pending = await this.pendingMigrations()
    if (pending.length === 0) return
    throw new EnrichmentError(
      'TABLES_OUTDATED',
      `the database lacks ${pending.join(', ')}: run \`album-enricher setup\``,
    )
  }

  async close(): Promise<void> {
    await (await this.#orm)?.close(true)
    await this.#pool.end()
  }
}
