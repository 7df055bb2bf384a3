import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EnrichmentError, ERROR_CODES, type ErrorCode, toEnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { registry } from '../metrics.ts'

/** A server that hangs must be missing before whoever asks gives up, which Kubernetes is told to do after 5 s. */
const CHECK_MS = 4_000
/** What is wrong with a dependency that does not even fail. */
const SILENT: Partial<Record<string, ErrorCode>> = {
  kafka: 'KAFKA_UNAVAILABLE',
  registry: 'REGISTRY_UNAVAILABLE',
  database: 'DATABASE_UNAVAILABLE',
}
/** The port is open to whoever reaches it: however often it is asked, our servers are not. */
const KEPT_MS = 1_000

export interface Readiness {
  /** A dependency's check resolves when it is there and throws what is wrong otherwise. */
  checks: Record<string, () => Promise<void>>
  /** What each part of the service is doing; a part that stands by, or is held, is ready all the same. */
  parts(): Record<string, object>
}

export interface Probes {
  /** The port really taken. */
  port: number
  close(): Promise<void>
}

/**
 * Serves /live (the process answers), /ready (503 with the dependencies that are missing and why; also whether the lane
 * is running, held or stood by for) and /metrics.
 *
 * @param port 0 takes a free one
 * @param bind address to listen at; undefined: all
 * @throws EnrichmentError PORT_TAKEN, CONFIG_INVALID for a port or an address that cannot be had
 */
export async function startProbes(port: number, readiness: Readiness, log: Logger, bind?: string): Promise<Probes> {
  const look = onceIn(KEPT_MS, () => findMissing(readiness.checks))
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      const text = `${JSON.stringify(body)}\n`
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    }
    const serve = async () => {
      // A target that is no path, such as `//`, has none, and gets 404.
      const pathname = URL.parse(request.url ?? '/', 'http://probe')?.pathname
      if (pathname === '/live') return answer(200, { live: true })
      if (pathname === '/metrics') {
        // Before the head: a failure is answered too.
        const text = await registry.metrics()
        response.writeHead(200, { 'content-type': registry.contentType }).end(text)
        return
      }
      if (pathname !== '/ready') return answer(404, { error: 'try /live, /ready or /metrics' })
      const missing = await look()
      const ready = Object.keys(missing).length === 0
      answer(ready ? 200 : 503, { ready, missing, parts: readiness.parts() })
    }
    serve().catch((error: unknown) => {
      log.error({ err: error }, 'probe failed')
      answer(500, { error: 'see the log' })
    })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.on('error', (error) => {
    // Of a connection that could not be accepted, as without descriptors: the next one may be.
    if (server.listening) log.error({ err: error }, 'probe failed')
    else reject(listenError(port, bind, error))
  })
  server.listen({ port, ...(bind && { host: bind }) }, resolve)
  await promise
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

/** The same answer for all who ask within so long of each other. */
function onceIn<T>(keptMs: number, ask: () => Promise<T>): () => Promise<T> {
  let kept: { until: number; answer: Promise<T> } | undefined
  return () => {
    const now = performance.now()
    if (kept === undefined || now > kept.until) kept = { until: now + keptMs, answer: ask() }
    return kept.answer
  }
}

function listenError(port: number, bind: string | undefined, error: NodeJS.ErrnoException): Error {
  if (error.code === 'EADDRINUSE') {
    const message = `port ${port} is taken by another process: end it, or set METRICS_PORT to another port`
    return new EnrichmentError('PORT_TAKEN', message, { cause: error })
  }
  if (error.code === 'EACCES') {
    const message = `METRICS_PORT: got ${port}, which this user may not take: wants one above 1023`
    return new EnrichmentError('CONFIG_INVALID', message, { cause: error })
  }
  const message = `METRICS_PORT, HTTP_BIND: cannot listen at ${bind ?? 'all addresses'}, port ${port}: ${error.message}`
  return new EnrichmentError('CONFIG_INVALID', message, { cause: error })
}

/** By dependency the code and what it means; addresses and the like are for the log and `status`. */
async function findMissing(checks: Readiness['checks']): Promise<Record<string, string>> {
  const found = Object.entries(checks).map(async ([name, check]) => {
    const { promise, reject } = Promise.withResolvers<never>()
    const publicDetail = `no answer within ${CHECK_MS / 1_000} s`
    const silent = new EnrichmentError(SILENT[name] ?? 'INTERNAL', publicDetail, { publicDetail })
    const timer = setTimeout(() => reject(silent), CHECK_MS)
    try {
      await Promise.race([check(), promise])
      return []
    } catch (error) {
      const { code, publicDetail } = toEnrichmentError(error)
      return [[name, `${code}: ${ERROR_CODES[code]}${publicDetail === undefined ? '' : ` (${publicDetail})`}`]]
    } finally {
      clearTimeout(timer)
    }
  })
  return Object.fromEntries((await Promise.all(found)).flat())
}
