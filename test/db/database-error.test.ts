import { randomUUID } from 'node:crypto'
import { expect, inject, onTestFinished, test } from 'vitest'
import { Database, type EntityManager } from '../../src/db/database.ts'
import { databaseError } from '../../src/db/database-error.ts'
import { createDatabase } from '../stack/create-database.ts'
import { createDatabaseRole } from '../stack/database-role.ts'

async function open() {
  const url = await createDatabase(inject('databaseUrl'), `test_${randomUUID()}`)
  const admin = new Database(url)
  await admin.query((em) => em.execute('create table thing (id int primary key, name text, facts jsonb)'))
  await admin.close()
  const role = await createDatabaseRole(url)
  const db = new Database(role.url)
  onTestFinished(async () => {
    await db.close()
    await role.close()
  })
  const write = (id: unknown = 1, name: unknown = 'a', facts: unknown = '{}') =>
    db.query((em) => em.execute('insert into thing values (?, ?, ?::jsonb)', [id, name, facts]))
  return { role, db, write }
}

test('what the server refuses is the server’s fault, by the cause that it names', async () => {
  const { role, write } = await open()
  /** A connection whose session was ended may be asked first. */
  const expectRefusal = (told: RegExp) =>
    expect.poll(() => write().then(String, ({ code, message }) => `${code} ${message}`)).toMatch(told)

  await role.administer('alter role $role set default_transaction_read_only = on')
  await role.endSessions()
  await expectRefusal(/^DATABASE_READ_ONLY .*\(SQLSTATE 25006\)$/)
  await role.administer('alter role $role reset default_transaction_read_only', 'revoke insert on thing from $role')
  await expectRefusal(/^DATABASE_FORBIDDEN .*\(SQLSTATE 42501\)$/)
  await role.administer(
    'grant insert on thing to $role',
    `create function full_disk() returns trigger language plpgsql as $$ begin
       raise exception 'could not extend file' using errcode = '53100'; end $$`,
    'create trigger full_disk before insert on thing execute function full_disk()',
  )
  await expectRefusal(/^DATABASE_FULL .*\(SQLSTATE 53100\)$/)
  await role.administer("alter role $role password 'second-password'", 'drop trigger full_disk on thing')
  await role.endSessions()
  await expectRefusal(/^DATABASE_BAD_CREDENTIALS .*\(SQLSTATE 28P01\): look at user and password in DATABASE_URL/)
  await role.administer("alter role $role password 'first-password'", 'alter table thing rename to other')
  await expectRefusal(/^DATABASE_UNAVAILABLE .*\(SQLSTATE 42P01\)$/)
})

test('only data that no server would take is refused as data, whatever words it holds', async () => {
  const { write } = await open()
  await write(1)
  const refused = { code: 'DATA_REFUSED' }
  await expect(write(1, 'timeout, terminated, ECONNREFUSED')).rejects.toMatchObject(refused)
  await expect(write(2, 'a', '{"timeout":')).rejects.toMatchObject(refused)
  await expect(write('timeout')).rejects.toMatchObject(refused)
  await expect(write(2 ** 40)).rejects.toMatchObject(refused)
})

test('whatever text comes, it is stored', async () => {
  const { write, db } = await open()
  await write(1, 'half \ud83c and \0', JSON.stringify({ 'a\0': ['half \ud83c'] }))
  const rows = await db.query((em) => em.execute('select name, facts from thing'))
  expect(rows).toEqual([{ name: 'half \ufffd and \ufffd', facts: { 'a\ufffd': ['half \ufffd'] } }])
})

test('whichever statement takes it, JSON is made storable where it is cast to, and text that looks like it is the same for all', async () => {
  const { write, db } = await open()
  const id = String.raw`["src", "\ud835\udd38 \ud835 \u0000"]`
  await write(1, id, JSON.stringify([id, 'half \ud83c']))
  const insert = { name: 'insert into thing', text: 'insert into thing select 2, $1, $2::jsonb where $1 = $1::text' }
  await db.run(insert, [id, JSON.stringify([id, 'half \ud83c'])])
  const facts = [id, 'half \ufffd']
  const both = [1, 2].map((number) => ({ id: number, name: id, facts }))
  const find = {
    name: 'select thing',
    text: 'select * from thing where name = $1 and $2::jsonb ->> 0 = name order by id',
  }
  expect(await db.run(find, [id, JSON.stringify(facts)])).toEqual(both)
  const found = (em: EntityManager) => em.execute('select * from thing where name = ? order by id', [id])
  expect(await db.query(found)).toEqual(both)
})

test('an error of ours that only speaks of a timeout is no outage', () => {
  const error = new TypeError('timeout is not a function; connection terminated')
  expect(databaseError(error)).toBe(error)
  const unreachable = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const remedy = expect.stringMatching(/ECONNREFUSED: nothing listens there: .* DATABASE_URL$/)
  expect(databaseError(unreachable)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', message: remedy })
  const both = ['::1', '127.0.0.1'].map((address) => new Error(`connect ECONNREFUSED ${address}:5432`))
  expect(databaseError(Object.assign(new AggregateError(both, ''), { code: 'ECONNREFUSED' }))).toMatchObject({
    message: expect.stringMatching(/ ::1:5432, .* 127\.0\.0\.1:5432: nothing listens/),
  })
  expect(databaseError(new Error('Connection terminated unexpectedly'))).toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
})
