import type { DatabaseRole } from './database-role.ts'

/** How PostgreSQL refuses a login what it needs, and how that ends. */
export interface DatabaseRefusal {
  /** Code that the service must give as the cause. */
  cause: string
  begin(role: DatabaseRole): Promise<void>
  end(role: DatabaseRole): Promise<void>
}

const TABLES = 'select, insert, update, delete on all tables in schema public'

const refusal = (cause: string, begin: string, end: string): DatabaseRefusal => ({
  cause,
  async begin(role) {
    await role.administer(begin)
    await role.endSessions()
  },
  end: (role) => role.administer(end),
})

/** Those that are a matter of SQL. */
export const DATABASE_REFUSALS = {
  /** As after a failover: the sessions are gone, and who comes back may only read. */
  databaseReadOnly: refusal(
    'DATABASE_READ_ONLY',
    'alter role $role set default_transaction_read_only = on',
    'alter role $role reset default_transaction_read_only',
  ),
  databasePermissionsRevoked: refusal('DATABASE_FORBIDDEN', `revoke ${TABLES} from $role`, `grant ${TABLES} to $role`),
  databasePasswordRotated: refusal(
    'DATABASE_BAD_CREDENTIALS',
    "alter role $role password 'second-password'",
    "alter role $role password 'first-password'",
  ),
}
