import type { Product } from '../album.ts'
import { EnrichmentError } from '../errors.ts'
import type { AmazonApi, AmazonRequestSeen, Turn } from './amazon-api.ts'
import { type CreatorsRequest, itemsRequest, searchRequest } from './creators-request.ts'
import { createPaapiClient, type PaapiAnswer } from './paapi-client.ts'
import { explainPaapiRefusal, isPaapiThrottle } from './paapi-refusal.ts'
import { readPaapiRefusal, readPaapiReply } from './paapi-reply.ts'
import { paapiFields } from './paapi-request.ts'
import type { Pace } from './pace.ts'
import { readProducts } from './read-product.ts'
import { isAboutItems, type Refusal } from './refusal.ts'

export interface PaapiOptions {
  /** Base URL without /paapi5; undefined: Amazon's host of the marketplace. */
  url?: string | undefined
  accessKey: string
  secretKey: string
  /** For example www.amazon.com. */
  marketplace: string
  partnerTag: string
  /** Asked before every request. */
  pace: Pace
  onRequest: (seen: AmazonRequestSeen) => void
  /** For one HTTP request with its reply, waiting for the pace left out; milliseconds. */
  timeoutMs: number
}

type Answer = { products: Product[] } | { refusal: Refusal }

/**
 * PA-API 5.0, which Amazon closed in May 2026, for accounts that still have an agreement.
 *
 * A throttled request waits and goes again by itself: it never throws AMAZON_THROTTLED, but AMAZON_ONLY_THROTTLES when it
 * has waited for too long, and AMAZON_DAY_SPENT when the account may ask no more today.
 */
export function createPaapiApi(options: PaapiOptions): AmazonApi {
  const { marketplace, partnerTag, pace, onRequest } = options
  const call = createPaapiClient({ ...options, url: options.url })

  async function ask(request: CreatorsRequest, signal: AbortSignal, turn?: Turn): Promise<Product[]> {
    for (;;) {
      const answer = await askOnce(request, signal, turn)
      if ('products' in answer) {
        pace.answered()
        return answer.products
      }
      if (!isPaapiThrottle(answer.refusal)) {
        pace.replied()
        throw explain(answer.refusal, request)
      }
      pace.slowDown(answer.refusal.retryAfterMs)
    }
  }

  async function askOnce(request: CreatorsRequest, signal: AbortSignal, turn?: Turn): Promise<Answer> {
    turn?.waits()
    const { sent } = await pace.grant(signal)
    try {
      turn?.comes()
      return await send(request, sent, signal)
    } finally {
      sent()
    }
  }

  /** One HTTP request, told to onRequest whatever comes of it. */
  async function send(request: CreatorsRequest, sent: () => void, signal: AbortSignal): Promise<Answer> {
    const started = performance.now()
    const { operation, query } = request
    const seen = (status: number | null, result: AmazonRequestSeen['result'], products = 0) =>
      onRequest({ operation, query, status, result, products, durationMs: performance.now() - started })
    let status: number | null = null
    try {
      const reply = await call(operation, paapiFields(request, marketplace), sent, signal)
      status = reply.status
      const answer = readAnswer(reply, request)
      if ('products' in answer) seen(status, 'ok', answer.products.length)
      else seen(status, isPaapiThrottle(answer.refusal) ? 'AMAZON_THROTTLED' : explain(answer.refusal, request).code)
      return answer
    } catch (error) {
      // It made no sense, and was a reply.
      if (status !== null) pace.replied()
      seen(status, signal.aborted ? 'aborted' : error instanceof EnrichmentError ? error.code : 'INTERNAL')
      throw error
    }
  }

  function readAnswer({ status, body, retryAfterMs }: PaapiAnswer, request: CreatorsRequest): Answer {
    if (status === 429) {
      return { refusal: { status, reason: 'TooManyRequests', message: '', fields: [], retryAfterMs } }
    }
    if (status === 200) {
      const reply = readPaapiReply(body, request.operation)
      if (reply && 'refusal' in reply) return reply
      if (reply) return { products: read(reply.items) }
    }
    const refusal = status === 200 ? undefined : readPaapiRefusal(status, body)
    // None of the ids is one that it knows.
    if (refusal && request.operation === 'getItems' && isAboutItems(refusal)) return { products: [] }
    if (refusal) return { refusal }
    throw new EnrichmentError(
      'AMAZON_UNAVAILABLE',
      `${status} with a body that is no reply of PA-API. Asked: ${request.query}.`,
    )
  }

  function read(items: unknown[]): Product[] {
    const fetchedAt = Date.now()
    const productPage = (asin: string) => `https://${marketplace}/dp/${asin}?tag=${encodeURIComponent(partnerTag)}`
    return readProducts(items, { fetchedAt, productPage })
  }

  const explain = (refusal: Refusal, { query }: CreatorsRequest) =>
    explainPaapiRefusal(refusal, { query, marketplace, partnerTag })

  return {
    getItems: async (asins, signal, turn) => ask(itemsRequest(asins), signal, turn),
    searchItems: async (query, signal, turn) => ask(searchRequest(query), signal, turn),
  }
}
