import { expect, onTestFinished } from 'vitest'
import type { Database } from '../../src/db/database.ts'

/**
 * Has rows in hand as somebody else would, in a transaction of its own.
 *
 * @param statements that lock them, for example `select from lane for update`
 * @returns commits; after a test that failed it is done for it
 */
export async function holdRows(db: Database, ...statements: string[]): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>()
  const letGo = Promise.withResolvers<void>()
  onTestFinished(() => letGo.resolve())
  const holding = db.prepared(async (query) => {
    await query({ name: 'hold on', text: 'set local idle_in_transaction_session_timeout = 0' }, [])
    for (const text of statements) await query({ name: `hold: ${text}`, text }, [])
    held.resolve()
    await letGo.promise
  })
  await Promise.race([held.promise, holding])
  return async () => {
    letGo.resolve()
    await holding
  }
}

/** Waits until so many sessions of the database wait for a lock. */
export async function waitForLocks(db: Database, waiting: number): Promise<void> {
  const text = `
    select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  const count = async () => (await db.run<{ n: number }>({ name: 'count waiting', text }, []))[0]?.n
  await expect.poll(count, { interval: 10, timeout: 10_000 }).toBe(waiting)
}
