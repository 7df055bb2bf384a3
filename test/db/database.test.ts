import { networkInterfaces } from 'node:os'
import { MikroORM } from '@mikro-orm/core'
import { expect, inject, onTestFinished, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { databaseConfig } from '../../src/db/orm.ts'
import { createTcpProxy } from '../stack/tcp-proxy.ts'

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
