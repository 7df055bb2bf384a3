import { connect } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { hostOfDatabase, readDatabaseTls } from '../database-url.ts'
import { readPem } from '../read-pem.ts'

/** What we use of pg's client and of its pool. */
interface Client {
  host: string
  port: number
  ssl: unknown
  connection: { ssl: unknown }
  connect(callback: (error?: Error) => void): void
}

interface ClientOptions {
  user?: string
  ssl?: unknown
  password?: unknown
}

interface Pool {
  Client: new (options: ClientOptions) => Client
}

/**
 * Lets a pool's connections use TLS as the URL says, and log in with the user and the password of the moment. Files are read anew for each
 * connection. It is done to the pool since MikroORM copies what it is told, and so would keep the first.
 *
 * @param url asked for each connection
 * @param password asked for each connection; undefined: the URL's
 */
export function secureConnections(pool: Pool, url: () => string, password?: () => Promise<string>): void {
  pool.Client = class extends pool.Client {
    constructor(options: ClientOptions) {
      // One reading: a user and a password that do not belong together would be refused.
      const address = url()
      const login = new URL(address)
      super({
        ...options,
        user: decodeURIComponent(login.username),
        ssl: tlsOptions(address),
        password: password ?? (async () => decodeURIComponent(login.password)),
      })
    }

    override connect(callback: (error?: Error) => void): void {
      const { mode } = readDatabaseTls(url())
      if (mode !== 'prefer' && mode !== 'allow') {
        super.connect(callback)
        return
      }
      speaksTls(this.host, this.port).then((isSpoken) => {
        if (!isSpoken) {
          this.ssl = false
          this.connection.ssl = false
        }
        super.connect(callback)
      }, callback)
    }
  }
}

/** `false`, or Node's options of a TLS connection. */
function tlsOptions(url: string): unknown {
  const { mode, rootCert, cert, key, isSystemTrusted } = readDatabaseTls(url)
  if (mode === 'disable') return false
  // As psql does: a given root certificate makes "require" a "verify-ca".
  const isVerified = mode.startsWith('verify') || (mode === 'require' && rootCert !== undefined)
  const host = hostOfDatabase(url)
  return {
    rejectUnauthorized: isVerified,
    ...(rootCert !== undefined && !isSystemTrusted && { ca: readPem(rootCert) }),
    ...(cert !== undefined && { cert: readPem(cert) }),
    ...(key !== undefined && { key: readPem(key) }),
    // Told by us, since pg leaves the host out when it is an address.
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      mode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  }
}

const ASK_FOR_TLS = Buffer.from('0000000804d2162f', 'hex')
const TIMEOUT_MS = 5_000

/** Whether the server answers SSLRequest with yes (https://www.postgresql.org/docs/current/protocol-flow.html). */
function speaksTls(host: string, port: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const socket = connect(port, host, () => socket.write(ASK_FOR_TLS))
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timeout while the server was asked for TLS')))
  socket.once('data', (answer) => {
    resolve(answer.toString('latin1', 0, 1) === 'S')
    socket.destroy()
  })
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('Connection terminated while the server was asked for TLS')))
  return promise
}
