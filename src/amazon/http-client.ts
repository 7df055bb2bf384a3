import { Agent } from 'undici'
import { EnrichmentError } from '../errors.ts'
import { inflate } from '../http/inflate.ts'
import { createConnector, type HttpConfig } from '../http/outgoing.ts'

export interface HttpReply {
  status: number
  /** The body when it is JSON, else undefined. */
  json: unknown
  /** Beginning of the body in one line, for messages about replies that are not JSON. */
  excerpt: string
  /** From the Retry-After header, in seconds or as a date; undefined when there is none. */
  retryAfterMs: number | undefined
}

export interface HttpRequest {
  url: string
  headers: Record<string, string>
  body: string
  /** Called when the connection is open and the request about to be written; it is not if this throws. */
  onStart?: () => void
  /** Called as soon as the request is on its open connection; not when it fails before. */
  onSent?: () => void
}

/** Real replies with ten products stay below 100 kB. */
const MAX_BODY_BYTES = 10_000_000
/** Long enough that at one request a second or one in twenty the connection stays open. */
export const KEEP_ALIVE_MS = 30_000

type Post = (request: HttpRequest, signal: AbortSignal) => Promise<HttpReply>

/**
 * Posts over kept-alive connections, with a bound on time and on the reply's size.
 *
 * undici's `dispatch` is used because it is the only call that tells when a request really goes onto the wire.
 *
 * @param timeoutMs for the whole exchange: connecting, sending, and the last byte of the reply
 * @throws EnrichmentError AMAZON_UNAVAILABLE without a complete reply; what onStart throws; the signal's reason when it
 *   aborts
 */
export function createHttpClient(timeoutMs: number, http: HttpConfig): Post {
  const agent = new Agent({
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: createConnector(http, { timeoutMs }),
    allowH2: false,
  })

  return ({ url, headers, body, onStart, onSent }, signal) =>
    new Promise<HttpReply>((resolve, reject) => {
      const { origin, pathname, search } = new URL(url)
      const chunks: Buffer[] = []
      let size = 0
      let status = 0
      let replyHeaders: Record<string, string | string[] | undefined> = {}
      let stop: { cause: Error } | undefined
      let cancel: ((cause: Error) => void) | undefined

      const settle = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const giveUp = (thrown: unknown) => {
        settle()
        reject(thrown)
        stop = { cause: new Error('given up') }
        cancel?.(stop.cause)
      }
      const unavailable = (what: string, cause?: unknown) =>
        new EnrichmentError('AMAZON_UNAVAILABLE', `${new URL(url).host} ${what}`, { cause })
      const tooLarge = () => unavailable(`answered more than ${MAX_BODY_BYTES} bytes`)
      const onAbort = () => giveUp(signal.reason)
      const timer = setTimeout(() => giveUp(unavailable(`did not answer completely in ${timeoutMs} ms`)), timeoutMs)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })

      agent.dispatch(
        { origin, path: pathname + search, method: 'POST', headers, body },
        {
          onRequestStart(controller) {
            cancel = (cause) => controller.abort(cause)
            if (stop) {
              controller.abort(stop.cause)
              return
            }
            try {
              onStart?.()
            } catch (error) {
              settle()
              reject(error)
              // Unlike an abort this leaves the connection open for the next request.
              throw error
            }
            // A turn of the loop later, when it is written for certain: a machine under load may stop us before that.
            if (onSent) setImmediate(onSent)
          },
          onResponseStart(_controller, statusCode, responseHeaders) {
            status = statusCode
            replyHeaders = responseHeaders
          },
          onResponseData(_controller, chunk) {
            size += chunk.length
            if (size > MAX_BODY_BYTES) giveUp(tooLarge())
            else chunks.push(chunk)
          },
          onResponseEnd() {
            settle()
            inflate(Buffer.concat(chunks), replyHeaders['content-encoding'], MAX_BODY_BYTES, tooLarge)
              .then((body) => readReply(status, replyHeaders, body.toString('utf8')))
              .then(resolve, (error) => {
                const isOurs = error instanceof EnrichmentError
                reject(isOurs ? error : unavailable(`sent a body that cannot be inflated: ${describe(error)}`, error))
              })
          },
          onResponseError(_controller, error) {
            settle()
            reject(unavailable(`did not answer completely: ${describe(error)}`, error))
          },
        },
      )
    })
}

function readReply(status: number, headers: Record<string, string | string[] | undefined>, text: string): HttpReply {
  const type = String(headers['content-type'] || 'application/json')
  return {
    status,
    json: /[/+-]json\b|json-/i.test(type) ? parseJson(text) : undefined,
    excerpt: text.trimStart().slice(0, 1_000).replace(/\s+/g, ' ').trim().slice(0, 120),
    retryAfterMs: parseRetryAfter(headers['retry-after']),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A cut or garbled body is a reply that is not JSON; the caller says so with its beginning.
    return undefined
  }
}

function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

function describe(error: Error): string {
  // Node joins the failures of all addresses of a host into one error without a message.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return error.message === '' ? code : `${error.message} (${code})`
}
