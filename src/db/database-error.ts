import { EnrichmentError, type ErrorCode } from '../errors.ts'
import { wordsOf } from '../explain-unreachable.ts'
import { explainDatabaseError } from './explain-database-error.ts'

/** What pg says of a failure: `code` is the SQLSTATE, or the name of a failed system call. */
interface Told {
  code?: unknown
  message?: string
}

/**
 * By the beginning of a SQLSTATE whose fault it is; the longest counts. What is not named here is the server's fault: a
 * record can only be to blame for data that no server would take.
 *
 * Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const CODES: Record<string, ErrorCode> = {
  // Data exception, integrity constraint violation, program limit exceeded (a value larger than its type can be).
  22: 'DATA_REFUSED',
  23: 'DATA_REFUSED',
  54: 'DATA_REFUSED',
  // Read-only: a standby, or a primary that became one.
  25006: 'DATABASE_READ_ONLY',
  28: 'DATABASE_BAD_CREDENTIALS',
  '3D000': 'DATABASE_MISSING',
  42501: 'DATABASE_FORBIDDEN',
  53100: 'DATABASE_FULL',
}
const SQLSTATE = /^[0-9A-Z]{5}$/
/** Of Node's system calls, all of which fail on the way to the server. */
const SYSTEM_CALL = /^E[A-Z_]{3,}$/
/** What pg and its pool throw without a code, in their words. */
const PG_TEXTS = [
  /^timeout exceeded when trying to connect$/,
  /^Query read timeout$/,
  /^Connection terminated\b/,
  /^Client (?:has encountered a connection error|was closed) and is not queryable$/,
  /^Cannot use a pool after calling end on the pool$/,
  /^timeout expired$/,
]

/**
 * A failure of database work by our codes; what did not come from the database is left as it is. It is classed by its
 * code alone: a text may say anything, and repeat what a record says.
 */
export function databaseError(error: unknown): unknown {
  if (error instanceof EnrichmentError) return error
  const { code, message = String(error) } = error as Told
  const remedy = explainDatabaseError(error)
  const hint = remedy === undefined ? '' : `: ${remedy}`
  if (typeof code === 'string' && SQLSTATE.test(code)) {
    const ours = CODES[code] ?? CODES[code.slice(0, 2)] ?? 'DATABASE_UNAVAILABLE'
    return new EnrichmentError(ours, `PostgreSQL: ${message} (SQLSTATE ${code})${hint}`, { cause: error })
  }
  const isOfConnection =
    (typeof code === 'string' && SYSTEM_CALL.test(code)) || PG_TEXTS.some((text) => text.test(message))
  if (!isOfConnection && remedy === undefined) return error
  const text = (error instanceof Error && wordsOf(error)) || message || String(code)
  return new EnrichmentError('DATABASE_UNAVAILABLE', `PostgreSQL: ${text}${hint}`, { cause: error })
}

/** Whether PostgreSQL refused what a statement holds: the same statement with other data may be taken. */
export function isDataError(error: unknown): boolean {
  const { code } = (error ?? {}) as Told
  return typeof code === 'string' && (code === 'DATA_REFUSED' || /^(22|23|54)...$/.test(code))
}
