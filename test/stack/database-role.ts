import { randomUUID } from 'node:crypto'
import { Database } from '../../src/db/database.ts'

/** A login of its own for the service, which an administrator can take rights from. */
export interface DatabaseRole {
  /** The database as this role sees it. */
  url: string
  /** Runs SQL as the administrator; `$role` stands for the role's name. */
  administer(...statements: string[]): Promise<void>
  /** Ends the role's sessions, as a failover or a restart of the server does. */
  endSessions(): Promise<void>
  close(): Promise<void>
}

const PASSWORD = 'first-password'

/** @param adminUrl of a database; the role may use the tables that are there, and those that this user makes later */
export async function createDatabaseRole(adminUrl: string): Promise<DatabaseRole> {
  const role = `role_${randomUUID().slice(0, 8)}`
  const admin = new Database(adminUrl)
  const administer = async (...statements: string[]) => {
    for (const statement of statements) await admin.query((em) => em.execute(statement.replaceAll('$role', role)))
  }
  await administer(
    `create role $role login password '${PASSWORD}'`,
    'grant select, insert, update, delete on all tables in schema public to $role',
    'alter default privileges in schema public grant select, insert, update, delete on tables to $role',
  )
  const url = new URL(adminUrl)
  Object.assign(url, { username: role, password: PASSWORD })
  return {
    url: url.href,
    administer,
    endSessions: () => administer(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '$role'`),
    close: () => admin.close(),
  }
}
