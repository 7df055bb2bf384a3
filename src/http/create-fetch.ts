import { Agent, interceptors } from 'undici'
import { inflate } from './inflate.ts'
import { createConnector, type HttpConfig, TIMEOUT_MS, type Tls } from './outgoing.ts'
import { readBody, sendRequest, USER_AGENT } from './send-request.ts'

/** Of an answer, inflated. What servers say to us in JSON has a hundredth of it. */
const MOST_BODY_BYTES = 10_000_000
const MOST_REDIRECTIONS = 5

/**
 * fetch by these connections, for what servers say in JSON: it takes a body that is a text, and resolves once the answer is
 * there whole, of 10 MB at most, inflated. Node's own makes four streams of every call, which costs half a millisecond.
 */
export function createFetch(config: HttpConfig, tls?: () => Tls): typeof fetch {
  const agent = new Agent({ connect: createConnector(config, { timeoutMs: TIMEOUT_MS, tls }) })
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: MOST_REDIRECTIONS }))
  return (async (input: string | URL, { method = 'GET', headers, body, signal }: RequestInit = {}) => {
    const sent = new Headers(headers)
    if (!sent.has('user-agent')) sent.set('user-agent', USER_AGENT)
    const answer = await sendRequest(input, {
      method: method.toUpperCase() as 'GET',
      headers: sent,
      body: (body ?? null) as string | null,
      signal: signal ?? null,
      dispatcher,
    })
    const given = await readBody(answer, MOST_BODY_BYTES, tooLarge)
    const bytes = await inflate(given, answer.headers['content-encoding'], MOST_BODY_BYTES, tooLarge)
    const status = answer.statusCode
    return new Response(status === 204 || status === 304 ? null : bytes, { status, headers: toHeaders(answer.headers) })
  }) as typeof fetch
}

const tooLarge = () => new Error(`the server answered more than ${MOST_BODY_BYTES} bytes`)

/** Without those that describe the compressed body, which is inflated by now. */
function toHeaders(given: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers()
  for (const [name, value = []] of Object.entries(given)) {
    if (name === 'content-encoding' || name === 'content-length') continue
    for (const one of [value].flat()) headers.append(name, one)
  }
  return headers
}
