import { readFileSync } from 'node:fs'
import { request as ask } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificate } from './certificates.ts'

export interface Gate {
  /** host:port */
  host: string
  close(): Promise<void>
}

interface GateOptions {
  certificate: Certificate
  /** Base URL of the server behind it. */
  target: string
  /** The authorization header that it wants. */
  authorization?: string
  /** PEM file of the authority whose certificates clients must show. */
  clientCa?: string
}

/** TLS and login before a real server that has neither, as a platform puts them there. */
export async function startGate({ certificate, target, authorization, clientCa }: GateOptions): Promise<Gate> {
  const server = createServer(
    {
      cert: readFileSync(certificate.cert),
      key: readFileSync(certificate.key),
      ...(clientCa !== undefined && { ca: readFileSync(clientCa), requestCert: true }),
    },
    (request, response) => {
      if (authorization !== undefined && request.headers.authorization !== authorization) {
        response.writeHead(401, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ error_code: 401, message: 'Unauthorized' }))
        return
      }
      const { authorization: _taken, ...headers } = request.headers
      const onward = ask(`${target}${request.url}`, { method: request.method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      onward.on('error', () => response.writeHead(502).end())
      request.pipe(onward)
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
