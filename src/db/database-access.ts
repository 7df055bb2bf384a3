import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Config, currentValue } from '../config.ts'
import { EnrichmentError } from '../errors.ts'
import { hideSecretReadAnew } from '../redact.ts'

/** How the database is reached, as far as its URL does not say it. */
export interface DatabaseAccess {
  /** What pg_stat_activity tells them by, unless PGAPPNAME names them. @default album-enricher */
  name?: string
  /** Connections at most. @default 10 */
  poolMax?: number
  /** The URL at this moment; absent: the one given. */
  url?: () => string
  /** Asked for each connection; absent: the URL's. */
  password?: () => Promise<string>
}

/** Connecting as a whole may take 5 s. */
const COMMAND_TIMEOUT_MS = 4_000

/**
 * Pool and password, from the settings. Files are read, and the command is run, anew for each connection.
 *
 * @param user which part or command of ours has the connections
 */
export function databaseAccess(config: Config<'database'>, user: string): DatabaseAccess {
  const access = {
    name: `album-enricher ${user}`,
    poolMax: config.DATABASE_POOL_MAX,
    url: () => currentValue(config, 'DATABASE_URL'),
  }
  const command = config.DATABASE_PASSWORD_COMMAND
  if (command !== undefined) return { ...access, password: () => askCommand(command) }
  if (config.DATABASE_PASSWORD === undefined) return access
  return { ...access, password: async () => currentValue(config, 'DATABASE_PASSWORD') ?? '' }
}

async function askCommand(command: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { timeout: COMMAND_TIMEOUT_MS })
    const password = stdout.trim()
    hideSecretReadAnew(password)
    return password
  } catch (error) {
    // Its output may hold the password.
    const { code, killed } = error as { code?: unknown; killed?: boolean }
    const why = killed ? `does not end within ${COMMAND_TIMEOUT_MS / 1_000} s` : `ends with ${code}`
    throw new EnrichmentError('DATABASE_UNAVAILABLE', `PostgreSQL: DATABASE_PASSWORD_COMMAND ${why}`)
  }
}
