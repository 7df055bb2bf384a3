import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toEnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { registry } from '../metrics.ts'

/** A dependency's check resolves when it is there and throws what is wrong otherwise. */
export type ReadinessChecks = Record<string, () => Promise<void>>

export interface Probes {
  /** The port really taken. */
  port: number
  close(): Promise<void>
}

/**
 * Serves /live (the process answers), /ready (503 with the dependencies that are missing and why) and /metrics.
 *
 * @param port 0 takes a free one
 */
export async function startProbes(port: number, checks: ReadinessChecks, log: Logger): Promise<Probes> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
    }
    const serve = async () => {
      const { pathname } = new URL(request.url ?? '/', 'http://probe')
      if (pathname === '/live') return answer(200, { live: true })
      if (pathname === '/metrics') {
        response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics())
        return
      }
      if (pathname !== '/ready') return answer(404, { error: 'try /live, /ready or /metrics' })
      const missing = await findMissing(checks)
      answer(Object.keys(missing).length === 0 ? 200 : 503, { ready: Object.keys(missing).length === 0, missing })
    }
    serve().catch((error: unknown) => {
      log.error({ err: error }, 'probe failed')
      answer(500, { error: 'see the log' })
    })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, resolve)
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

async function findMissing(checks: ReadinessChecks): Promise<Record<string, string>> {
  const found = Object.entries(checks).map(async ([name, check]) => {
    try {
      await check()
      return []
    } catch (error) {
      const { code, message } = toEnrichmentError(error)
      return [[name, `${code}: ${message}`]]
    }
  })
  return Object.fromEntries((await Promise.all(found)).flat())
}
