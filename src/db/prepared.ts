import { storableValue } from '../storable-text.ts'

/** A statement that each connection prepares once, under its name; `Row` is what it answers. */
export interface Statement<Row extends object = object> {
  readonly name: string
  readonly text: string
  /** Never there: it only carries the type. */
  readonly row?: Row
}

/** Runs a statement in the transaction at hand. */
export type Query = <Row extends object>(statement: Statement<Row>, values: unknown[]) => Promise<Row[]>

/** What we use of a client of pg, and of its pool. */
interface Client {
  query(statement: string | { name?: string; text: string; values: unknown[] }): Promise<{ rows: object[] }>
  release(isLost?: boolean): void
}

export interface PreparedPool {
  connect(): Promise<Client>
  query: Client['query']
}

/**
 * Runs statements on one client, or on whichever the pool has: then each is a transaction of its own.
 *
 * @param isNamed false: they are prepared anew each time, since a pooler may give the next one to another session
 * @throws what PostgreSQL throws
 */
export function queryOf(client: Pick<Client, 'query'>, isNamed: boolean): Query {
  return async ({ name, text }, values) => {
    // By the statement's word: an id may look like JSON, and must be asked for as it was stored.
    const isJson = (index: number) => text.includes(`$${index + 1}::json`)
    const statement = { text, values: values.map((value, index) => storableValue(value, isJson(index))) }
    return (await client.query(isNamed ? { name, ...statement } : statement)).rows as never
  }
}

/**
 * One transaction of prepared statements, on a connection of its own.
 *
 * @throws what the work or PostgreSQL throws; nothing has happened then, unless it was the commit that failed
 */
export async function inTransaction<T>(
  pool: PreparedPool,
  isNamed: boolean,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  let isLost = true
  try {
    // Whatever the database or the role is set to: who waited for a lock must see what was written meanwhile.
    await client.query('begin isolation level read committed')
    try {
      const done = await work(queryOf(client, isNamed))
      await client.query('commit')
      isLost = false
      return done
    } catch (error) {
      // One that cannot even be rolled back is not to be used again.
      await client.query('rollback').then(
        () => {
          isLost = false
        },
        () => undefined,
      )
      throw error
    }
  } finally {
    client.release(isLost)
  }
}
