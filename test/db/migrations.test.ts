import { randomUUID } from 'node:crypto'
import { MikroORM } from '@mikro-orm/core'
import { expect, inject, test } from 'vitest'
import { Database } from '../../src/db/database.ts'
import { databaseConfig } from '../../src/db/orm.ts'
import { createDatabase } from '../stack/create-database.ts'

test('the migrations make exactly the tables that the entities describe', async () => {
  const url = await createDatabase(inject('databaseUrl'), `migrations-${randomUUID().slice(0, 8)}`)
  const db = new Database(url)
  expect((await db.migrate()).length).toBeGreaterThan(0)
  await db.checkMigrated()
  await db.close()

  const orm = new MikroORM(databaseConfig(url))
  expect(await orm.schema.getUpdateSchemaSQL({ safe: false })).not.toMatch(
    /alter table|create table|drop table "(?!mikro)/,
  )
  await orm.close()
})

test('a database that is not there is unavailable, which is waited for', async () => {
  const db = new Database('postgresql://nobody@127.0.0.1:1/nothing')
  await expect(db.ping()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
  await db.close()
})
