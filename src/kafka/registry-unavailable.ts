import { EnrichmentError } from '../errors.ts'
import { explainTls } from '../explain-tls.ts'
import { explainUnreachable, wordsOf } from '../explain-unreachable.ts'

const NAMES = { address: 'SCHEMA_REGISTRY_URL', ca: 'SCHEMA_REGISTRY_SSL_CA', cert: 'SCHEMA_REGISTRY_SSL_CERT' }

/**
 * REGISTRY_UNAVAILABLE for whatever the registry, or the way to it, failed with, and what to do about it.
 *
 * @param error of the registry's client, which gives a refused connection and a time-out the status 400; of fetch, or
 *   `status N` of our own
 */
export function unavailable(error: unknown): EnrichmentError {
  const why = error instanceof Error ? reasonOf(error) : String(error)
  const remedy = explainTls(error, NAMES) ?? explainConnection(why) ?? explainStatus(error)
  const message = remedy === undefined ? why : `${why}: ${remedy}`
  return new EnrichmentError('REGISTRY_UNAVAILABLE', `schema registry: ${message}`, { cause: error })
}

/** What the client puts before everything, and gives also to what ended without an answer. */
const NO_STATUS = /^Confluent_Schema_Registry - Error, status 400: (?=\S)/

/** fetch hides what happened behind "fetch failed". */
function reasonOf(error: Error): string {
  const words = error.cause instanceof Error ? wordsOf(error.cause) : ''
  return (words || wordsOf(error)).replace(NO_STATUS, '')
}

function explainConnection(why: string): string | undefined {
  // That the registry is reached through a proxy, the text tells with its setting.
  if (why.includes('HTTPS_PROXY')) return undefined
  if (/aborted due to timeout|^no whole answer/.test(why)) return `it hangs, or none is there: see ${NAMES.address}`
  return explainUnreachable(why, NAMES.address)
}

function explainStatus(error: unknown): string | undefined {
  // With TLS 1.3 a client hears only afterwards that the server wanted a certificate, and often not that.
  if (error instanceof Error && reasonOf(error) === 'other side closed')
    return 'it is stopping, or wants a certificate of clients: SCHEMA_REGISTRY_SSL_CERT'
  const status =
    (error as { status?: number }).status ?? Number(/^status (\d+)$/.exec(String((error as Error).message))?.[1])
  if (status === 404)
    return 'the registry itself did not say that: look at SCHEMA_REGISTRY_URL and at proxies before it'
  return status === 401 || status === 403
    ? 'look at SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD, or SCHEMA_REGISTRY_TOKEN, and at what that login may do'
    : undefined
}
