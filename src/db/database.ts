import { LockMode, MikroORM } from '@mikro-orm/core'
import { Migrator } from '@mikro-orm/migrations'
import { defineConfig, type EntityManager, PostgreSqlDriver } from '@mikro-orm/postgresql'
import { EnrichmentError } from '../errors.ts'
import { storableValue } from '../storable-text.ts'
import type { DatabaseAccess } from './database-access.ts'
import { databaseError } from './database-error.ts'
import { dropLostConnections } from './drop-lost-connections.ts'
import { AlbumRow } from './entities/album.entity.ts'
import { ArtworkRow } from './entities/artwork.entity.ts'
import { CandidateRow } from './entities/candidate.entity.ts'
import { CrashMark } from './entities/crash-mark.entity.ts'
import { DeadLetterMark } from './entities/dead-letter-mark.entity.ts'
import { DiscardedImage } from './entities/discarded-image.entity.ts'
import { Enrichment } from './entities/enrichment.entity.ts'
import { ExternalLink } from './entities/external-link.entity.ts'
import { ForgottenRow } from './entities/forgotten.entity.ts'
import { LaneRow } from './entities/lane.entity.ts'
import { ModelCallRow } from './entities/model-call.entity.ts'
import { ModelDayRow } from './entities/model-day.entity.ts'
import { OutboxRow } from './entities/outbox.entity.ts'
import { PersonVerdictRow } from './entities/person-verdict.entity.ts'
import { QuotaRow } from './entities/quota.entity.ts'
import { MIGRATION_LIMITS, migrate, writeMigrations } from './migrate.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { inTransaction, type PreparedPool, type Query, queryOf, type Statement } from './prepared.ts'
import { secureConnections } from './secure-connections.ts'

export type { EntityManager }
export { LockMode }

const STATEMENT_TIMEOUT_MS = 15_000
const CONNECT_TIMEOUT_MS = 5_000
/** What the service's connections bear. */
const LIMITS = {
  statement_timeout: STATEMENT_TIMEOUT_MS,
  // A process that is stopped in the middle of a save must not keep its successor from taking over.
  idle_in_transaction_session_timeout: 3_000,
  lock_timeout: 5_000,
  // A connection that is lost without a word must not hold a query longer than a statement may take.
  query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
  // A plan that was made for an empty table would read all of it when it has grown.
  options: '-c plan_cache_mode=force_custom_plan -c album_enricher.is_direct=on',
}

/** The service's PostgreSQL database; connects when first used. */
export class Database {
  readonly #orm: MikroORM<PostgreSqlDriver>
  readonly #forMigrations: () => MikroORM<PostgreSqlDriver>
  #isDirect: boolean | undefined

  constructor(url: string, access: DatabaseAccess = {}) {
    this.#orm = new MikroORM(databaseConfig(url, access))
    this.#forMigrations = () => new MikroORM(databaseConfig(url, { ...access, poolMax: 2 }, MIGRATION_LIMITS))
  }

  /**
   * One piece of work in a transaction of its own, with an entity manager that nobody else uses.
   *
   * @throws EnrichmentError DATABASE_UNAVAILABLE when PostgreSQL fails or does not answer, the other DATABASE_ codes where
   *   it says why, DATA_REFUSED; the work's own errors as they are
   */
  async transaction<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.#orm.em.fork().transactional((em) => work(em as EntityManager))
    } catch (error) {
      throw databaseError(error)
    }
  }

  /** The same with prepared statements alone, past the entity manager: for what is done all day. @throws as `transaction` */
  async prepared<T>(work: (query: Query) => Promise<T>): Promise<T> {
    try {
      return await inTransaction(await this.#pool(), await this.isDirect(), work)
    } catch (error) {
      throw databaseError(error)
    }
  }

  /** One prepared statement, without a transaction around it. @throws as `transaction` */
  async run<Row extends object>(statement: Statement<Row>, values: unknown[]): Promise<Row[]> {
    try {
      return await queryOf(await this.#pool(), await this.isDirect())(statement, values)
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
      const [found] = await this.query((em) => em.execute<{ is: boolean | null }[]>(asked))
      this.#isDirect = found?.is === true
    }
    return this.#isDirect
  }

  #pool(): Promise<PreparedPool> {
    return this.#orm.em.getConnection().getNativeClient()
  }

  /** Reads, or single statements, without a transaction. @throws as `transaction` */
  async query<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await work(this.#orm.em.fork() as EntityManager)
    } catch (error) {
      throw databaseError(error)
    }
  }

  /** @throws EnrichmentError DATABASE_UNAVAILABLE when it does not answer */
  async ping(): Promise<void> {
    await this.query((em) => em.execute('select 1'))
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
    const orm = this.#forMigrations()
    try {
      if (createDatabase) await orm.schema.ensureDatabase()
      const pending = await this.pendingMigrations()
      if (pending.length > 0) await migrate(orm)
      return pending
    } catch (error) {
      throw databaseError(error)
    } finally {
      await orm.close(true)
    }
  }

  /**
   * The migrations of this build that the database lacks, in their order. Changes nothing: the migrator would make its table.
   *
   * @throws EnrichmentError DATABASE_MISSING, DATABASE_UNAVAILABLE
   */
  async pendingMigrations(): Promise<string[]> {
    const done = await this.query(async (em) => {
      const [found] = await em.execute<{ is: boolean }[]>(
        `select to_regclass('mikro_orm_migrations') is not null as is`,
      )
      return found?.is ? em.execute<{ name: string }[]>('select name from mikro_orm_migrations') : []
    })
    const names = new Set(done.map(({ name }) => name))
    return MIGRATIONS.map(({ name }) => name).filter((name) => !names.has(name))
  }

  /** The SQL of what `migrate` would do, for `psql`; empty when nothing is to be done. @throws as `pendingMigrations` */
  async writeMigrations(): Promise<string> {
    return writeMigrations(this.#orm, await this.pendingMigrations())
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
    await this.#orm.close(true)
  }
}

/** Also what the check that migrations and entities agree is run with. */
export function databaseConfig(
  url: string,
  { poolMax = 10, url: current = () => url, password }: DatabaseAccess = {},
  limits: object = LIMITS,
) {
  return defineConfig({
    driver: PostgreSqlDriver,
    clientUrl: url,
    entities: [
      AlbumRow,
      Enrichment,
      CandidateRow,
      ExternalLink,
      ArtworkRow,
      LaneRow,
      ModelCallRow,
      ModelDayRow,
      QuotaRow,
      DeadLetterMark,
      CrashMark,
      PersonVerdictRow,
      OutboxRow,
      ForgottenRow,
      DiscardedImage,
    ],
    extensions: [Migrator],
    // The migrator would write to standard output, which belongs to the commands.
    logger: () => undefined,
    onQuery: makeStorable,
    migrations: { migrationsList: MIGRATIONS, snapshot: false, allOrNothing: false },
    // A mistyped name is told, not made true.
    ensureDatabase: false,
    pool: { min: 0, max: poolMax },
    driverOptions: {
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      ...limits,
      onPoolCreated: (pool: Parameters<typeof dropLostConnections>[0] & Parameters<typeof secureConnections>[0]) => {
        dropLostConnections(pool)
        secureConnections(pool, current, password)
      },
    },
  })
}

/**
 * The one boundary that makes texts storable: the values of every statement pass here on their way to PostgreSQL, whoever
 * wrote the statement. A text that PostgreSQL would refuse, as an album, Amazon, a model or a careless cut may bring one,
 * is stored with U+FFFD in the place of what it cannot hold. MikroORM writes them into the statement behind this.
 */
function makeStorable(statement: string, values: readonly unknown[]): string {
  for (const [index, value] of values.entries()) (values as unknown[])[index] = storableValue(value)
  return statement
}
