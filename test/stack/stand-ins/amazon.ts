import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerRequest, describeQuery } from './amazon-answers.ts'
import { type Behaviour, createBehaviours, type Operation, respond } from './amazon-behaviours.ts'
import { type Catalogue, createCatalogue, type ProductFacts } from './amazon-catalogue.ts'
import { type CatalogRequest, checkRequest } from './amazon-checks.ts'
import { type Listener, listen, parseBody, readBody } from './amazon-http.ts'
import { createRateMeter } from './amazon-rate.ts'
import { type Reply, refusals } from './amazon-refusals.ts'
import { createTokens } from './amazon-tokens.ts'
import { watchArrivals } from './arrival-clock.ts'

export { type Behaviour, trouble } from './amazon-behaviours.ts'
export { loadProducts, type ProductFacts } from './amazon-catalogue.ts'

/** The one account that the stand-in knows. */
export const AMAZON_STAND_IN = {
  partnerTag: 'example-20',
  credentialId: 'stand-in-credential-id',
  credentialSecret: 'stand-in-credential-secret',
  credentialVersion: '3.1',
  v2Version: '2.1',
} as const

export interface AmazonStandInOptions {
  products: readonly ProductFacts[]
  requestsPerSecond: number
  /** Endless when absent. */
  requestsPerDay?: number
  /** How long a catalog reply takes. */
  latencyMs?: number
  /** 0 or absent takes a free one. */
  port?: number
  /** Absent: 127.0.0.1. */
  host?: string
  /** Where its images are; absent: Amazon's own hosts. */
  imageBaseUrl?: string
  /** Lifetime of tokens; Amazon's is an hour. */
  tokenSeconds?: number
  /** Told of each catalog request when it has come, and when its reply has left whole. */
  onCall?: (call: Call, moment: 'came' | 'left') => void
  partnerTag?: string
}

export interface Call {
  /** performance.now() when the request's head had arrived. */
  at: number
  operation: Operation
  /** What was asked, for example `artist=Miles Davis title=Kind of Blue`; ids for getItems; empty for a token. */
  query: string
  /** Of the reply; null while none was sent, and for a broken one. */
  status: number | null
  /** The port that it came to. */
  port: number
}

export interface AmazonStandIn {
  /** Base URL of the API. */
  url: string
  /** Of credentials of version 3 and of version 2. */
  tokenUrl: string
  v2TokenUrl: string
  calls: Call[]
  /** Requests that came before their time and were refused. */
  readonly early: number
  /** Accepted catalog requests by query. */
  callsByQuery: Map<string, number>
  /** Opens one more port to the same shop, so that calls tell which of its users they are of. */
  openPort(): Promise<Listener>
  /** The latest behaviour told that fits a request counts. */
  behave(behaviour: Behaviour): void
  /** From now on no token issued so far is good. */
  revokeTokens(): void
  /** Forgets calls, counts and behaviours; tokens and the rate go on. */
  reset(): void
  close(): Promise<void>
}

/** A shop that speaks the Creators API over real HTTP and is as strict as the real one. */
export async function startAmazonStandIn(options: AmazonStandInOptions): Promise<AmazonStandIn> {
  const account = { ...AMAZON_STAND_IN, partnerTag: options.partnerTag ?? AMAZON_STAND_IN.partnerTag }
  const catalogue = catalogueOf(options.products)
  const tokens = createTokens({ ...account, expiresInSeconds: options.tokenSeconds ?? 3600 })
  const rate = createRateMeter(options.requestsPerSecond, options.requestsPerDay)
  const arrivals = watchArrivals()
  const behaviours = createBehaviours()
  const calls: Call[] = []
  const callsByQuery = new Map<string, number>()
  let early = 0

  async function answerToken(
    kind: 'v3' | 'v2',
    request: IncomingMessage,
    call: Call,
  ): Promise<[Reply, Behaviour | undefined]> {
    const honest = tokens.issue(
      kind,
      request.headers['content-type'] ?? '',
      await readBody(request),
      request.headers.authorization,
    )
    const behaviour = behaviours.take('token', call.query)
    return behaviour ? [tell(behaviour, honest), behaviour] : [honest, undefined]
  }

  async function answerCatalog(
    operation: 'getItems' | 'searchItems',
    request: IncomingMessage,
    call: Call,
    arrived: number,
  ): Promise<[Reply, Behaviour | undefined]> {
    const body = parseBody(await readBody(request))
    call.query = describeQuery(operation, body ?? {})
    options.onCall?.(call, 'came')
    const admission = rate.admit(call.at, arrived)
    if (admission === 'early') early += 1
    if (admission !== 'accepted') return [refusals.throttled(), undefined]
    callsByQuery.set(call.query, (callsByQuery.get(call.query) ?? 0) + 1)
    const behaviour = behaviours.take(operation, call.query)
    // Before the wait: done after it, the work would fall on the moment when the next request of a steady sender
    // arrives, and make that one look late and its successor early.
    const honest = answerHonestly(operation, request, body)
    await sleep(behaviour?.delayMs ?? options.latencyMs ?? 0)
    await behaviour?.until
    return [behaviour ? tell(behaviour, honest) : honest, behaviour]
  }

  function answerHonestly(
    operation: CatalogRequest['operation'],
    request: IncomingMessage,
    body: Body | undefined,
  ): Reply {
    const marketplace = request.headers['x-marketplace']?.toString()
    const refused = tokens.check(request.headers.authorization)
    if (refused) return refused
    if (!body) return refusals.cannotParse()
    const contentType = request.headers['content-type'] ?? ''
    const wrong = checkRequest({ operation, marketplace, contentType, body }, account)
    return wrong ?? answerRequest({ operation, marketplace: marketplace ?? '', body }, catalogue, options.imageBaseUrl)
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const operation = request.method === 'POST' ? OPERATIONS[pathname] : undefined
    if (!operation) return respond(response, refusals.unknownOperation(), undefined)
    const call: Call = {
      at: performance.now(),
      operation: operation === 'v3' || operation === 'v2' ? 'token' : operation,
      query: '',
      status: null,
      port: request.socket.localPort ?? 0,
    }
    const arrived = arrivals.earliest(call.at)
    calls.push(call)
    if (call.operation !== 'token') response.once('finish', () => options.onCall?.(call, 'left'))
    const [reply, behaviour] =
      operation === 'v3' || operation === 'v2'
        ? await answerToken(operation, request, call)
        : await answerCatalog(operation, request, call, arrived)
    if (behaviour?.fault === undefined) call.status = reply.status
    await respond(response, reply, behaviour)
  }

  const main = await listen(handle, options.port ?? 0, options.host)
  const { url } = main
  const more: Listener[] = []

  return {
    url,
    tokenUrl: `${url}/auth/o2/token`,
    v2TokenUrl: `${url}/oauth2/token`,
    calls,
    get early() {
      return early
    },
    callsByQuery,
    async openPort() {
      const listener = await listen(handle, 0)
      more.push(listener)
      return listener
    },
    behave: behaviours.add,
    revokeTokens: tokens.revokeAll,
    reset() {
      calls.length = 0
      callsByQuery.clear()
      early = 0
      behaviours.clear()
    },
    async close() {
      arrivals.close()
      await Promise.all([main, ...more].map((listener) => listener.close()))
    },
  }
}

const WARM_UP = 200
/** Of the same products one does for every shop of this process. */
const catalogues = new WeakMap<readonly ProductFacts[], Catalogue>()

function catalogueOf(products: readonly ProductFacts[]): Catalogue {
  const known = catalogues.get(products)
  if (known) return known
  const catalogue = createCatalogue(products)
  catalogues.set(products, catalogue)
  // A first search takes thirty times as long as a later one, which would delay the arrival of the second request.
  for (const { title } of products.slice(0, WARM_UP)) catalogue.search({ keywords: title, searchIndex: 'All' })
  return catalogue
}

const OPERATIONS: Record<string, 'v3' | 'v2' | 'getItems' | 'searchItems'> = {
  '/auth/o2/token': 'v3',
  '/oauth2/token': 'v2',
  '/catalog/v1/getItems': 'getItems',
  '/catalog/v1/searchItems': 'searchItems',
}

type Body = Record<string, unknown>

function tell(behaviour: Behaviour, honest: Reply): Reply {
  if (behaviour.status === undefined) return honest
  return {
    status: behaviour.status,
    body: behaviour.body ?? '',
    ...(behaviour.headers && { headers: behaviour.headers }),
  }
}
