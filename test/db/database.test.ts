import { networkInterfaces } from 'node:os'
import { MikroORM } from '@mikro-orm/core'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { Database } from '../../src/db/database.ts'
import type { DatabaseAccess } from '../../src/db/database-access.ts'
import { databaseConfig } from '../../src/db/orm.ts'
import { NO_REPEATS } from '../../src/db/repeat.ts'
import { holdRows } from '../stack/hold-rows.ts'
import { createTcpProxy } from '../stack/tcp-proxy.ts'
import { createTestEnv } from '../stack/test-env.ts'

/** More than the pool holds, together. */
const TRANSACTIONS = 6
const OUTAGES = 3

test('transactions that lose their server take no place of the pool with them, and it can be closed', async () => {
  const url = new URL(inject('databaseUrl'))
  const proxy = await createTcpProxy(url.host)
  onTestFinished(() => proxy.close())
  url.host = `127.0.0.1:${proxy.port}`
  const db = new Database(url.href)
  for (let outage = 0; outage < OUTAGES; outage += 1) {
    await proxy.open()
    const begun = Array.from({ length: TRANSACTIONS }, () => Promise.withResolvers<void>())
    const transactions = begun.map(({ resolve }) =>
      db.transaction(async (em) => {
        await em.execute('select 1')
        resolve()
        await em.execute('select pg_sleep(30)')
      }),
    )
    const ends = Promise.allSettled(transactions)
    await Promise.all(begun.map(({ promise }) => promise))
    await proxy.close()
    const codes = (await ends).map((end) => (end.status === 'rejected' ? end.reason.code : 'done'))
    expect(new Set(codes)).toEqual(new Set(['DATABASE_UNAVAILABLE']))
  }
  await proxy.open()
  await db.ping()
  await db.close()
})

async function openThings() {
  const db = new Database((await createTestEnv()).DATABASE_URL)
  onTestFinished(() => db.close())
  await db.query((em) => em.execute('create table thing (id int primary key); insert into thing values (1), (2)'))
  return db
}

test('of two transactions that wait for each other both come to their end', async () => {
  const db = await openThings()
  const lock = (id: number) => ({ name: `lock ${id}`, text: `select id from thing where id = ${id} for update` })
  const bothBegun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let begun = 0
  const run = (first: number, second: number) =>
    db.prepared(async (query) => {
      begun += 1
      await query(lock(first), [])
      bothBegun[first - 1]?.resolve()
      await Promise.all(bothBegun.map(({ promise }) => promise))
      return query(lock(second), [])
    })
  expect(await Promise.all([run(1, 2), run(2, 1)])).toEqual([[{ id: 2 }], [{ id: 1 }]])
  expect(begun).toBe(3)
})

test('what cannot be serialized is repeated three times, and work with effects outside of the transaction is not', async () => {
  const db = await openThings()
  await db.query((em) =>
    em.execute(`
      create sequence tries;
      create function fail_until(int) returns bigint language plpgsql as $$
        declare try bigint := nextval('tries');
        begin
          if try < $1 then raise serialization_failure; end if;
          return try;
        end $$`),
  )
  const failUntil = (times: number) => ({ name: `fail ${times}`, text: `select fail_until(${times})::int as try` })
  expect(await db.run(failUntil(4), [])).toEqual([{ try: 4 }])
  const unavailable = { code: 'DATABASE_UNAVAILABLE' }
  await expect(db.run(failUntil(9), [])).rejects.toMatchObject(unavailable)
  await expect(db.prepared((query) => query(failUntil(10), []), NO_REPEATS)).rejects.toMatchObject(unavailable)
  expect(await db.run(failUntil(0), []), 'tries').toEqual([{ try: 10 }])
})

test('a lock that somebody holds is told as that', async () => {
  const db = await openThings()
  const letGo = await holdRows(db, 'select from thing for update')
  const locking = db.run({ name: 'lock', text: 'select from thing for update nowait' }, [])
  await expect(locking).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: expect.stringMatching(/55P03\): somebody holds a lock: see pg_blocking_pids/),
  })
  await letGo()
})

test('connections are told apart by whose they are, unless the environment names them', async () => {
  const url = inject('databaseUrl')
  const asked = { name: 'application', text: `select current_setting('application_name') as name` }
  const told = async (access: DatabaseAccess) => {
    const db = new Database(url, access)
    onTestFinished(() => db.close())
    const ofEntities = await db.query((em) => em.execute(asked.text))
    expect(ofEntities).toEqual(await db.run(asked, []))
    return ofEntities
  }
  expect(await told({})).toEqual([{ name: 'album-enricher' }])
  const worker = { name: 'album-enricher worker of uk' }
  expect(await told(worker)).toEqual([worker])
  vi.stubEnv('PGAPPNAME', 'ours')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(await told(worker)).toEqual([{ name: 'ours' }])
})

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
)

test.runIf(hasIpv6)('a server is reached by an address of IPv6, in brackets as a URL has it', async () => {
  const url = new URL(inject('databaseUrl'))
  const proxy = await createTcpProxy(url.host, '::1')
  onTestFinished(() => proxy.close())
  await proxy.open()
  url.host = `[::1]:${proxy.port}`
  const db = new Database(url.href)
  await db.ping()
  await db.close()
  const orm = await MikroORM.init(databaseConfig(url.href))
  expect(await orm.em.execute('select 1 as one')).toEqual([{ one: 1 }])
  await orm.close()
})
