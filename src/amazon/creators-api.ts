import type { Product } from '../album.ts'
import { EnrichmentError } from '../errors.ts'
import type { HttpConfig } from '../http/outgoing.ts'
import type { AmazonApi, AmazonRequestSeen, Turn } from './amazon-api.ts'
import { explainRefusal, isTokenRefusal } from './creators-refusal.ts'
import { type CreatorsRefusal, readItems, readRefusal } from './creators-reply.ts'
import { type CreatorsRequest, itemsRequest, resourcesWith, searchRequest } from './creators-request.ts'
import { createTokenSource, isJsonVersion } from './creators-token.ts'
import { createHttpClient, type HttpReply, KEEP_ALIVE_MS } from './http-client.ts'
import type { Grant, Pace } from './pace.ts'
import { readProducts } from './read-product.ts'
import { isAboutItems } from './refusal.ts'

export interface CreatorsOptions {
  /** Base URL, without /catalog. */
  url: string
  /** undefined: Amazon's own for the credential version. */
  tokenUrl?: string | undefined
  credentialId: string
  /** A function is asked for each token. */
  credentialSecret: string | (() => string)
  /** For example 3.1, as Associates Central shows it. */
  credentialVersion: string
  /** For example www.amazon.com. */
  marketplace: string
  partnerTag: string
  /** Asked before every catalog request; token requests are free. */
  pace: Pace
  onRequest: (seen: AmazonRequestSeen) => void
  /** For one HTTP request with its reply, waiting for the pace left out; milliseconds. */
  timeoutMs: number
  /** How connections are made; absent: directly. */
  http?: HttpConfig
}

type Reply = { products: Product[] } | { refusal: CreatorsRefusal }
type Answer = Reply & { token: string }

/**
 * Amazon's Creators API, the successor of PA-API 5.0.
 * Protocol: affiliate-program.amazon.com/creatorsapi/docs (api-reference, troubleshooting).
 *
 * A throttled request waits and goes again by itself: it never throws AMAZON_THROTTLED, but AMAZON_ONLY_THROTTLES when it
 * has waited for too long, and AMAZON_DAY_SPENT when the account may ask no more today.
 *
 * @throws EnrichmentError CONFIG_INVALID for an unknown credential version
 */
export function createCreatorsApi(options: CreatorsOptions): AmazonApi {
  const { marketplace, partnerTag, pace, onRequest } = options
  const credentialVersion = options.credentialVersion.replace(/^v/, '')
  const post = createHttpClient(options.timeoutMs, options.http ?? {})
  const tokens = createTokenSource({
    ...options,
    tokenUrl: options.tokenUrl,
    credentialVersion,
    post,
    onFetched: (seen) => onRequest({ operation: 'token', query: '', products: 0, ...seen }),
  })
  const baseUrl = options.url.replace(/\/+$/, '')
  /** Remembered: what an account may not ask for it will not be allowed with the next album either. */
  let highRes = true
  /** When a connection to the catalog was used last. */
  let usedAt = Number.NEGATIVE_INFINITY

  async function ask(request: CreatorsRequest, signal: AbortSignal, turn?: Turn): Promise<Product[]> {
    let renewed = false
    for (;;) {
      const askedHighRes = highRes
      const answer = await askOnce(request, signal, turn)
      if ('products' in answer) {
        pace.answered()
        return answer.products
      }
      const { refusal, token } = answer
      if (refusal.status === 429) {
        pace.slowDown(refusal.retryAfterMs)
      } else if (isTokenRefusal(refusal) && !renewed) {
        renewed = true
        tokens.drop(token)
      } else if (askedHighRes && isAboutResources(refusal)) {
        highRes = false
      } else {
        throw explainRefusal(refusal, { query: request.query, marketplace, partnerTag, credentialVersion })
      }
    }
  }

  async function askOnce(request: CreatorsRequest, signal: AbortSignal, turn?: Turn): Promise<Answer> {
    // Fetched ahead of the grant, so that it is not used late; asked again, since the wait may outlast a token.
    turn?.waits()
    const ahead = await getToken(signal)
    // So is a connection opened, where none can be open any more.
    if (performance.now() - usedAt >= KEEP_ALIVE_MS) await send(request, ahead, NOT_YET, signal)
    const grant = await pace.grant(signal)
    try {
      for (;;) {
        turn?.comes()
        const token = await tokens.get(signal).catch(throttledToken)
        // The turn is over; what the token endpoint wants is what the catalog would want.
        if (typeof token !== 'string') return token
        const answer = await send(request, token, grant, signal)
        if (answer !== 'too late') return { ...answer, token }
        turn?.waits()
        await grant.renew(signal)
      }
    } finally {
      grant.sent()
    }
  }

  /** A throttled token endpoint slows everything down, as a throttled catalog does. */
  async function getToken(signal: AbortSignal): Promise<string> {
    for (;;) {
      const token = await tokens.get(signal).catch(throttledToken)
      if (typeof token === 'string') return token
      pace.slowDown(token.refusal.retryAfterMs)
      const { sent } = await pace.grant(signal)
      sent()
    }
  }

  /**
   * One HTTP request, told to onRequest whatever comes of it; throws only without a reply to speak of.
   *
   * @returns `too late`: nothing was sent, as the grant's time had gone by when it could be
   */
  async function send(request: CreatorsRequest, token: string, grant: Grant, signal: AbortSignal) {
    const { operation, query } = request
    const started = performance.now()
    usedAt = started
    const seen = (status: number | null, result: AmazonRequestSeen['result'], products = 0) =>
      onRequest({ operation, query, status, result, products, durationMs: performance.now() - started })
    let status: number | null = null
    try {
      const reply = await post(
        { ...message(request, token), onStart: () => assertInTime(grant), onSent: grant.sent },
        signal,
      )
      status = reply.status
      if (status !== 429) pace.replied()
      const answer = readAnswer(reply, request)
      if ('products' in answer) seen(status, 'ok', answer.products.length)
      else seen(status, explainRefusal(answer.refusal, { query, marketplace, partnerTag, credentialVersion }).code)
      return answer
    } catch (error) {
      if (error === TOO_LATE) return 'too late'
      seen(status, signal.aborted ? 'aborted' : error instanceof EnrichmentError ? error.code : 'INTERNAL')
      throw error
    }
  }

  function message(request: CreatorsRequest, token: string) {
    const authorization = isJsonVersion(credentialVersion)
      ? `Bearer ${token}`
      : `Bearer ${token}, Version ${credentialVersion}`
    return {
      url: `${baseUrl}/catalog/v1/${request.operation}`,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization,
        'x-marketplace': marketplace,
      },
      body: JSON.stringify({ partnerTag, marketplace, resources: resourcesWith(highRes), ...request.fields }),
    }
  }

  function readAnswer(reply: HttpReply, request: CreatorsRequest): Reply {
    const answer = reply.status === 200 ? readItems(reply.json, request.operation) : undefined
    if (answer && 'refusal' in answer) return answer
    if (answer) {
      const context = {
        fetchedAt: Date.now(),
        productPage: (asin: string) => `https://${marketplace}/dp/${asin}?tag=${encodeURIComponent(partnerTag)}`,
      }
      return { products: readProducts(answer.items, context) }
    }
    const refusal = reply.status >= 400 ? readRefusal(reply.status, reply.json) : undefined
    // Nothing found is an error body in this protocol (troubleshooting/processing-of-errors).
    if (refusal?.status === 404 && refusal.type === 'ResourceNotFoundException') return { products: [] }
    // Or none of the ids is one that it knows.
    if (refusal && request.operation === 'getItems' && isAboutItems(refusal)) return { products: [] }
    if (reply.status === 429) {
      return { refusal: throttled(reply.retryAfterMs ?? refusal?.retryAfterMs) }
    }
    if (refusal) return { refusal }
    throw new EnrichmentError(
      'AMAZON_UNAVAILABLE',
      `${reply.status} with a body that is no reply of the Creators API (${JSON.stringify(reply.excerpt)}). ` +
        `Asked: ${request.query}. If it stays so check AMAZON_URL.`,
    )
  }

  return {
    getItems: async (asins, signal, turn) => ask(itemsRequest(asins), signal, turn),
    searchItems: async (query, signal, turn) => ask(searchRequest(query), signal, turn),
  }
}

/** With this a request opens its connection, and is not sent. */
const NOT_YET: Grant = { isStale: () => true, renew: async () => undefined, sent: () => undefined }

/** One for all: a busy lane meets it so often that making it would show. */
const TOO_LATE = new Error('the grant is stale')

function throttled(retryAfterMs: number | undefined): CreatorsRefusal {
  return { status: 429, type: null, reason: null, message: '', fields: [], retryAfterMs }
}

/** A refusal of the token endpoint as one of the catalog's. @throws what else went wrong */
function throttledToken(error: unknown): { refusal: CreatorsRefusal; token: string } {
  if (!(error instanceof EnrichmentError) || error.code !== 'AMAZON_THROTTLED') throw error
  return { refusal: throttled(error.retryAfterMs), token: '' }
}

function assertInTime(grant: Grant): void {
  if (grant.isStale()) throw TOO_LATE
}

function isAboutResources({ status, message, fields }: CreatorsRefusal): boolean {
  return status === 400 && (/highRes|resources/i.test(message) || fields.some((field) => /resources/i.test(field)))
}
