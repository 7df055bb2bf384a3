import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../../src/db/database.ts'
import type { Query } from '../../../src/db/prepared.ts'
import { takeUp } from '../../../src/worker/ledger/take-up.ts'
import { aRequest, at, NOW } from '../../stack/a-ledger.ts'
import { holdRows, waitForLocks } from '../../stack/hold-rows.ts'
import { createTestEnv } from '../../stack/test-env.ts'

const IDS = ['1', '2', '3']

async function openDatabase(): Promise<Database> {
  const db = new Database((await createTestEnv()).DATABASE_URL)
  onTestFinished(() => db.close())
  await db.migrate()
  return db
}

async function fill(db: Database, rows: string): Promise<void> {
  await db.query((em) => em.execute(`insert into ${rows} from generate_series(1, 50000) i`))
  await db.query((em) => em.execute('analyze'))
}

/** Two transactions with the same rows in opposite order, while somebody has the one in the middle. @returns how many began */
async function meet(db: Database, middle: string, work: (query: Query, ids: string[]) => Promise<unknown>) {
  const letGo = await holdRows(db, middle)
  let begun = 0
  const run = (ids: string[]) =>
    db.prepared((query) => {
      begun += 1
      return work(query, ids)
    })
  const first = run(IDS)
  await waitForLocks(db, 1)
  const second = run(IDS.toReversed())
  await waitForLocks(db, 2)
  await letGo()
  await Promise.all([first, second])
  return begun
}

test('two lanes that take up the same albums in opposite order do not wait for each other', async () => {
  const db = await openDatabase()
  const open = (query: Query, ids: string[]) => {
    const deliveries = ids.map((albumId) => ({
      request: aRequest({ albumId }),
      delivered: at(BigInt(albumId)),
      now: NOW,
    }))
    return takeUp(deliveries, query, { marketplace: 'www.amazon.ca', processId: 'this process' })
  }
  await db.prepared((query) => open(query, IDS))
  // A small table would be walked through, and rows come in its order.
  await fill(db, `forgotten select 'of ' || i, now()`)
  expect(await meet(db, `select from album where album_id = '2' for update`, open)).toBe(2)
})
