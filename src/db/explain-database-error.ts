import { explainTls } from '../explain-tls.ts'
import { explainUnreachable } from '../explain-unreachable.ts'
import { LOCK_TIMED_OUT } from './repeat.ts'

const NAMES = {
  address: 'DATABASE_URL',
  ca: 'sslrootcert in DATABASE_URL',
  cert: 'sslcert and sslkey in DATABASE_URL',
}

/** By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), what a person can do. */
const BY_STATE: Record<string, string> = {
  '3D000': 'see DATABASE_URL, or run `album-enricher setup --create-database`',
  '28P01': 'look at user and password in DATABASE_URL, DATABASE_PASSWORD or DATABASE_PASSWORD_COMMAND',
  '28000': 'look at the user in DATABASE_URL, at sslmode and sslcert there, and at pg_hba.conf of the server',
  [LOCK_TIMED_OUT]: 'somebody holds a lock: see pg_blocking_pids() and pg_stat_activity',
}

const BY_TEXT: [RegExp, string][] = [
  [
    /^timeout exceeded when trying to connect$/,
    'the server of DATABASE_URL hangs, none is there, or all DATABASE_POOL_MAX connections are busy',
  ],
  [/server does not support SSL/, 'let sslmode in DATABASE_URL be disable, or prefer, or switch TLS on there'],
  [
    /unsupported startup parameter/,
    'let ignore_startup_parameters of PgBouncer name statement_timeout, lock_timeout, idle_in_transaction_session_timeout and options, ' +
      'and set them, and plan_cache_mode, datestyle and default_transaction_isolation, for the user with ALTER ROLE',
  ],
  [
    /password must be a (non-empty )?string|no password supplied/i,
    'DATABASE_URL holds no password, nor does DATABASE_PASSWORD',
  ],
]

/** What a person can do about a PostgreSQL that refuses us, or that we refuse; undefined when it is something else. */
export function explainDatabaseError(error: unknown): string | undefined {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string }
  const byText = BY_TEXT.find(([text]) => text.test(message))?.[1]
  // By the code alone: a text may say anything.
  return byText ?? BY_STATE[code ?? ''] ?? explainUnreachable(String(code), NAMES.address) ?? explainTls(error, NAMES)
}
