/** What we use of a client of pg and of its pool. */
interface Client {
  query(...args: unknown[]): unknown
  /** Gives it back to the pool, or away for good. A second call throws. */
  release(isLost?: boolean): void
}

interface Pool {
  on(event: 'connect', listener: (client: Client) => void): void
}

/** Statements after whose failure Kysely forgets to give the connection back. */
const FORGOTTEN = /^(begin|start transaction|rollback)\b/i
const TIMED_OUT = 'Query read timeout'
/** SQLSTATE of a server that only lets read. After a failover another one is the primary, and only a new connection finds it. */
const READ_ONLY = '25006'

/**
 * Takes a connection out of its pool at once when it cannot be trusted any more.
 *
 * Kysely 0.29.6 gives a connection back when a transaction has ended, but not when its BEGIN or ROLLBACK fails, as both
 * do when the server goes away. Each outage then costs the pool a place for every transaction that was in the air, until
 * none is left; and closing the pool waits for those connections for ever. And a connection that did not answer in time
 * would keep the next statement waiting too.
 */
export function dropLostConnections(pool: Pool): void {
  pool.on('connect', (client) => {
    const query = client.query.bind(client)
    client.query = (...args) => {
      const answer = query(...args)
      if (answer instanceof Promise)
        answer.catch((error: Error & { code?: string }) => {
          const [statement] = args
          const isForgotten = typeof statement === 'string' && FORGOTTEN.test(statement)
          if (isForgotten || error.message === TIMED_OUT || error.code === READ_ONLY) drop(client)
        })
      return answer
    }
  })
}

function drop(client: Client): void {
  const { release } = client
  // Whoever has it may still give it back.
  client.release = () => undefined
  release.call(client, true)
}
