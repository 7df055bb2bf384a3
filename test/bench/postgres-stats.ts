import { MikroORM } from '@mikro-orm/postgresql'

export interface StatementStat {
  /** Calls of it. */
  calls: number
  /** Milliseconds that PostgreSQL worked on them. */
  ms: number
  /** Its beginning, in one line. */
  text: string
}

export interface DatabaseWork {
  transactions: number
  /** null where pg_stat_statements cannot be had: it must be loaded when the server starts. */
  statements: StatementStat[] | null
}

const TRANSACTION_WORDS = /^(begin|commit|rollback|start transaction)/i

/** What PostgreSQL itself counts of the work in one database. */
export class PostgresStats {
  readonly #orm: MikroORM
  #hasStatements = false
  #transactionsBefore = 0

  private constructor(orm: MikroORM) {
    this.#orm = orm
  }

  static async open(url: string): Promise<PostgresStats> {
    const orm = await MikroORM.init({ clientUrl: url, entities: [], discovery: { warnWhenNoEntities: false } })
    return new PostgresStats(orm)
  }

  /** Counts from now on. */
  async start(): Promise<void> {
    try {
      await this.#query('create extension if not exists pg_stat_statements')
      await this.#query(
        'select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()))',
      )
      this.#hasStatements = true
    } catch {
      // Somebody's own server without it: the other figures are there all the same.
    }
    this.#transactionsBefore = await this.#countTransactions()
  }

  async read(): Promise<DatabaseWork> {
    const transactions = (await this.#countTransactions()) - this.#transactionsBefore
    if (!this.#hasStatements) return { transactions, statements: null }
    const rows = await this.#query<{ calls: string; ms: number; query: string }>(
      `select calls, total_exec_time as ms, query from pg_stat_statements
       where dbid = (select oid from pg_database where datname = current_database())
         and query not like '%pg_stat%' order by total_exec_time desc`,
    )
    const statements = rows
      .map(({ calls, ms, query }) => ({ calls: Number(calls), ms, text: query.replace(/\s+/g, ' ').trim() }))
      .filter(({ text }) => !TRANSACTION_WORDS.test(text))
    return { transactions, statements }
  }

  async version(): Promise<string> {
    const [row] = await this.#query<{ server_version: string }>('show server_version')
    return row?.server_version ?? '?'
  }

  async close(): Promise<void> {
    await this.#orm.close()
  }

  async #countTransactions(): Promise<number> {
    const [row] = await this.#query<{ count: string }>(
      'select xact_commit + xact_rollback as count from pg_stat_database where datname = current_database()',
    )
    return Number(row?.count ?? 0)
  }

  async #query<Row>(sql: string): Promise<Row[]> {
    return this.#orm.em.getConnection().execute<Row[]>(sql)
  }
}
