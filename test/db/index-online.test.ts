import { randomUUID } from 'node:crypto'
import { MikroORM } from '@mikro-orm/core'
import { expect, inject, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { indexOnline } from '../../src/db/migrations/online.ts'
import { databaseConfig } from '../../src/db/orm.ts'
import { createDatabase } from '../stack/create-database.ts'

const INDEX = 'enrichment_result_index'

/** A database that lacks m0022, whose first index is the one above, and a transaction that its build waits for. */
async function openBeforeIndex() {
  const url = await createDatabase(inject('databaseUrl'), `index-${randomUUID().slice(0, 8)}`)
  const open = () => {
    const db = new Database(url)
    onTestFinished(() => db.close())
    return db
  }
  const db = open()
  const ask = <Row>(sql: string) => db.query((em) => em.execute<Row[]>(sql))
  await db.migrate()
  await ask(`delete from mikro_orm_migrations where name = 'm0022-ledger-by-topic'`)
  await ask(`drop index ${INDEX}, enrichment_pruned_index`)

  const holder = new MikroORM(databaseConfig(url, {}, {}))
  onTestFinished(() => holder.close())
  const em = holder.em.fork()
  await em.begin({ isolationLevel: 'repeatable read' as never })
  await em.execute('select 1')
  const readIndex = async () => {
    const [found] = await ask(
      `select indexrelid as id, indisvalid as valid from pg_index where indexrelid = to_regclass('${INDEX}')`,
    )
    return found as { id: number; valid: boolean } | undefined
  }
  /** The index that is being built, which is there some time after its statement has begun. */
  const readUnbuilt = async () => {
    await expect.poll(readIndex).toMatchObject({ valid: false })
    return await readIndex()
  }
  /** Whether there is a session whose statement now or last is `like` this. */
  const has = (like: string, more = 'true') =>
    ask(
      `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and query ilike '${like}' and ${more}`,
    )
  return { url, open, release: () => em.commit(), readIndex, readUnbuilt, has }
}

test('an index is built once, however long other transactions make its build wait', async () => {
  const { open, release, readIndex, has } = await openBeforeIndex()
  const migrating = open().migrate()
  const longer = `state = 'active' and now() - query_start > interval '3 s'`
  await expect.poll(() => has('create index concurrently%', longer), { timeout: 30_000 }).toHaveLength(1)
  const built = await readIndex()
  expect(built).toMatchObject({ valid: false })
  await release()
  expect(await migrating).toEqual(['m0022-ledger-by-topic'])
  expect(await readIndex()).toEqual({ ...built, valid: true })
})

test('of two set-ups at once the second leaves alone what the first builds', async () => {
  const { open, release, readIndex, readUnbuilt, has } = await openBeforeIndex()
  const first = open().migrate()
  const built = await readUnbuilt()
  const second = open().migrate()
  await expect.poll(() => has('select pg_try_advisory_xact_lock%')).toHaveLength(2)
  await release()
  expect(await first).toEqual(['m0022-ledger-by-topic'])
  expect(await second).toEqual([])
  expect(await readIndex()).toEqual({ ...built, valid: true })
})

test('a build that goes on after its set-up was killed is waited for', async () => {
  const { url, open, release, readIndex, readUnbuilt, has } = await openBeforeIndex()
  const killed = new MikroORM(databaseConfig(url, {}, {}))
  onTestFinished(() => killed.close())
  const steps = indexOnline(INDEX, `"enrichment" ("source_topic", "decided_at") where "decision" = 'result'`)
  const building = killed.em.execute(steps.find((sql) => sql.startsWith('create')) ?? '')
  const built = await readUnbuilt()
  const migrating = open().migrate()
  await expect.poll(() => has('do $$%')).toHaveLength(1)
  await release()
  await building
  expect(await migrating).toEqual(['m0022-ledger-by-topic'])
  expect(await readIndex()).toEqual({ ...built, valid: true })
})
