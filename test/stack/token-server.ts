import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TokenServer {
  url: string
  /** Requests so far. */
  readonly count: number
  close(): Promise<void>
}

export const TOKEN_CLIENT = { id: 'a-client', secret: 'a secret: of +clients' }

/**
 * An OAuth token server (RFC 6749, section 4.4) that gives out unsigned tokens (RFC 7519, section 6), as Kafka takes them
 * when told nothing else.
 *
 * @param lifeSeconds of each token
 */
export async function startTokenServer(subject: string, lifeSeconds = 60): Promise<TokenServer> {
  let count = 0
  const server = createServer(async (request, response) => {
    count += 1
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    let form = ''
    for await (const chunk of request) form += chunk
    const login = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString()
    const [id, secret] = login.split(':').map(decodeURIComponent)
    if (request.method !== 'POST' || new URLSearchParams(form).get('grant_type') !== 'client_credentials')
      return answer(400, { error: 'unsupported_grant_type' })
    if (id !== TOKEN_CLIENT.id || secret !== TOKEN_CLIENT.secret)
      return answer(401, { error: 'invalid_client', error_description: 'no such client' })
    const now = Math.floor(Date.now() / 1_000)
    const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url')
    const token = `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + lifeSeconds })}.`
    return answer(200, { access_token: token, token_type: 'Bearer', expires_in: lifeSeconds })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    get count() {
      return count
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
