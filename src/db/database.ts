import { LockMode, MikroORM } from '@mikro-orm/core'
import { Migrator } from '@mikro-orm/migrations'
import { defineConfig, type EntityManager, PostgreSqlDriver } from '@mikro-orm/postgresql'
import { EnrichmentError } from '../errors.ts'
import { dropLostConnections } from './drop-lost-connections.ts'
import { AlbumRow } from './entities/album.entity.ts'
import { ArtworkRow } from './entities/artwork.entity.ts'
import { CandidateRow } from './entities/candidate.entity.ts'
import { DeadLetterMark } from './entities/dead-letter-mark.entity.ts'
import { Enrichment } from './entities/enrichment.entity.ts'
import { ExternalLink } from './entities/external-link.entity.ts'
import { LaneRow } from './entities/lane.entity.ts'
import { OutboxRow } from './entities/outbox.entity.ts'
import { PersonVerdictRow } from './entities/person-verdict.entity.ts'
import { QuotaRow } from './entities/quota.entity.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { inTransaction, type PreparedPool, type Query } from './prepared.ts'

export type { EntityManager }
export { LockMode }

const STATEMENT_TIMEOUT_MS = 15_000
const CONNECT_TIMEOUT_MS = 5_000
/** A process that is stopped in the middle of a save must not keep its successor from taking over. */
const IDLE_IN_TRANSACTION_MS = 3_000
const LOCK_TIMEOUT_MS = 5_000

/** The service's PostgreSQL database; connects when first used. */
export class Database {
  readonly #orm: MikroORM<PostgreSqlDriver>

  constructor(url: string) {
    this.#orm = new MikroORM(databaseConfig(url))
  }

  /**
   * One piece of work in a transaction of its own, with an entity manager that nobody else uses.
   *
   * @throws EnrichmentError DATABASE_UNAVAILABLE when PostgreSQL fails or does not answer; the work's own errors as they are
   */
  async transaction<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.#orm.em.fork().transactional((em) => work(em as EntityManager))
    } catch (error) {
      throw asDatabaseError(error)
    }
  }

  /** The same with prepared statements alone, past the entity manager: for what is done all day. @throws as `transaction` */
  async prepared<T>(work: (query: Query) => Promise<T>): Promise<T> {
    try {
      const pool: PreparedPool = await this.#orm.em.getConnection().getNativeClient()
      return await inTransaction(pool, work)
    } catch (error) {
      throw asDatabaseError(error)
    }
  }

  /** Reads, or single statements, without a transaction. @throws as `transaction` */
  async query<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await work(this.#orm.em.fork() as EntityManager)
    } catch (error) {
      throw asDatabaseError(error)
    }
  }

  /** @throws EnrichmentError DATABASE_UNAVAILABLE when it does not answer */
  async ping(): Promise<void> {
    await this.query((em) => em.execute('select 1'))
  }

  /** Creates or updates the tables; answers the names of the migrations run. */
  async migrate(): Promise<string[]> {
    try {
      return (await this.#orm.migrator.up()).map(({ name }) => name)
    } catch (error) {
      throw asDatabaseError(error)
    }
  }

  /** @throws EnrichmentError TABLES_OUTDATED when migrations of this build are missing, DATABASE_UNAVAILABLE */
  async checkMigrated(): Promise<void> {
    const pending = await this.query(() => this.#orm.migrator.getPending())
    if (pending.length === 0) return
    const names = pending.map(({ name }) => name).join(', ')
    throw new EnrichmentError('TABLES_OUTDATED', `the database lacks ${names}: run \`album-enricher setup\``)
  }

  async close(): Promise<void> {
    await this.#orm.close(true)
  }
}

/** Also what the check that migrations and entities agree is run with. */
export function databaseConfig(url: string) {
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
      QuotaRow,
      DeadLetterMark,
      PersonVerdictRow,
      OutboxRow,
    ],
    extensions: [Migrator],
    // The migrator would write to standard output, which belongs to the commands.
    logger: () => undefined,
    migrations: { migrationsList: MIGRATIONS, snapshot: false },
    pool: { min: 0, max: 10 },
    driverOptions: {
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      // A connection that is lost without a word must not hold a query longer than a statement may take.
      query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
      // A plan that was made for an empty table would read all of it when it has grown.
      options: '-c plan_cache_mode=force_custom_plan',
      onPoolCreated: dropLostConnections,
    },
  })
}

// Classes 08 (connection), 40 (deadlock), 53 (resources), 57 (shut down, cancelled), a lock or a transaction that waited
// too long: the server's trouble, not the statement's.
const UNAVAILABLE_STATE = /^(08|40|53|57|55P03|25P03)/
const UNAVAILABLE_TEXT = /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|timeout|terminat|not queryable/i

/** Whether PostgreSQL refuses what a statement holds: classes 22 (data), 23 (constraints) and 54 (too large). */
export function isDataError(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^(22|23|54)...$/.test(code)
}

function asDatabaseError(error: unknown): unknown {
  if (error instanceof EnrichmentError) return error
  const { code, message = String(error) } = error as { code?: string; message?: string }
  const isUnavailable =
    (code !== undefined && UNAVAILABLE_STATE.test(code)) || UNAVAILABLE_TEXT.test(`${code} ${message}`)
  if (!isUnavailable) return error
  return new EnrichmentError('DATABASE_UNAVAILABLE', `PostgreSQL: ${message || code}`, { cause: error })
}
