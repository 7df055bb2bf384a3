import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate as inflateZlib } from 'node:zlib'
import { Agent, interceptors } from 'undici'
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
    const bytes = await inflate(await readBody(answer, MOST_BODY_BYTES, tooLarge), answer.headers['content-encoding'])
    const status = answer.statusCode
    return new Response(status === 204 || status === 304 ? null : bytes, { status, headers: toHeaders(answer.headers) })
  }) as typeof fetch
}

/** Nobody was asked for it, but there are gateways that compress all the same. */
async function inflate(bytes: Buffer<ArrayBuffer>, encoding: string | string[] | undefined) {
  const run = encoding === undefined ? undefined : INFLATERS[String(encoding).toLowerCase()]
  if (run === undefined) return bytes
  return await run(bytes, { maxOutputLength: MOST_BODY_BYTES }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : error
  })
}

const INFLATERS: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer<ArrayBuffer>>> =
  {
    gzip: promisify(gunzip),
    'x-gzip': promisify(gunzip),
    deflate: promisify(inflateZlib),
    br: promisify(brotliDecompress),
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
