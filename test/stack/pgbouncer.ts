import { chownSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findFreePort } from './free-port.ts'
import { createGuardedFolder } from './guard.ts'
import { ordinaryUser } from './ordinary-user.ts'
import { type Server, startServer } from './server.ts'

/** Fewer than the service has connections: whoever begins a transaction gets whichever session is free. */
const SESSIONS = 3

/**
 * Starts PgBouncer in transaction mode before a PostgreSQL server.
 *
 * @param url of a database there
 * @param settings of PgBouncer, beside those
 * @returns `url`: of the same database through it
 */
export async function startPgBouncer(url: string, settings: Record<string, string>): Promise<Server & { url: string }> {
  const { hostname, port, username, password } = new URL(url)
  const folder = createGuardedFolder('album-enricher-pgbouncer')
  const listenPort = await findFreePort()
  const users = join(folder, 'users.txt')
  const file = join(folder, 'pgbouncer.ini')
  const own = {
    listen_addr: '127.0.0.1',
    listen_port: String(listenPort),
    unix_socket_dir: '',
    auth_type: 'plain',
    auth_file: users,
    pool_mode: 'transaction',
    default_pool_size: String(SESSIONS),
    ...settings,
  }
  const lines = Object.entries(own).map(([name, value]) => `${name} = ${value}`)
  writeFileSync(users, `"${username}" "${password}"\n`, { mode: 0o600 })
  writeFileSync(
    file,
    ['[databases]', `* = host=${hostname} port=${port}`, '[pgbouncer]', ...lines].join('\n').concat('\n'),
    { mode: 0o600 },
  )
  const user = ordinaryUser()
  if (user) for (const path of [users, file]) chownSync(path, user.uid, user.gid)
  const server = await startServer({
    name: 'PgBouncer',
    command: 'pgbouncer',
    args: [file],
    folder,
    cwd: folder,
    ...user,
    stopSignal: 'KILL',
    isReady: () => isListening(listenPort),
  })
  const through = new URL(url)
  through.port = String(listenPort)
  return Object.assign(server, { url: through.href })
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
  })
}
