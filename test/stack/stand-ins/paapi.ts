import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeQuery } from './amazon-answers.ts'
import { type Behaviour, createBehaviours, respond } from './amazon-behaviours.ts'
import { createCatalogue, type ProductFacts } from './amazon-catalogue.ts'
import { listen, parseBody, readBody } from './amazon-http.ts'
import { createRateMeter } from './amazon-rate.ts'
import type { Reply } from './amazon-refusals.ts'
import { watchArrivals } from './arrival-clock.ts'
import { answerPaapi, paapiError, paapiTrouble } from './paapi-answers.ts'
import { checkSignature } from './paapi-signature.ts'

export { paapiTrouble }

/** The one account that the stand-in knows. */
export const PAAPI_STAND_IN = {
  partnerTag: 'example-20',
  accessKey: 'STANDINACCESSKEY',
  secretKey: 'stand-in-secret-key',
} as const

/** The sites it plays, by the host that PA-API has for them. */
const REGIONS: Record<string, string> = {
  'webservices.amazon.com': 'us-east-1',
  'webservices.amazon.de': 'eu-west-1',
  'webservices.amazon.co.jp': 'us-west-2',
}

const OPERATIONS = {
  '/paapi5/getitems': { operation: 'getItems', target: 'GetItems' },
  '/paapi5/searchitems': { operation: 'searchItems', target: 'SearchItems' },
} as const
type Path = keyof typeof OPERATIONS

export interface PaapiStandIn {
  url: string
  calls: { at: number; operation: 'getItems' | 'searchItems'; query: string; status: number | null }[]
  /** Requests that came before their time and were refused. */
  readonly early: number
  /** The latest behaviour told that fits a request counts. */
  behave(behaviour: Behaviour): void
  /** Forgets calls, counts and behaviours. */
  reset(): void
  close(): Promise<void>
}

/** A shop that speaks PA-API 5.0 over real HTTP: it verifies every signature with the account's secret key. */
export async function startPaapiStandIn(options: {
  products: readonly ProductFacts[]
  requestsPerSecond: number
  latencyMs?: number
}): Promise<PaapiStandIn> {
  const catalogue = createCatalogue(options.products)
  const rate = createRateMeter(options.requestsPerSecond)
  const arrivals = watchArrivals()
  const behaviours = createBehaviours()
  const calls: PaapiStandIn['calls'] = []
  let early = 0

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.now()
    const arrived = arrivals.earliest(at)
    const path = request.url as Path
    const known = OPERATIONS[path]
    if (request.method !== 'POST' || known === undefined) {
      return respond(response, paapiError(404, 'UnknownOperationException', 'UnknownOperation', 'Unknown.'), undefined)
    }
    const { operation } = known
    const text = await readBody(request)
    const body = parseBody(text) ?? {}
    const query = describeQuery(operation, lowerNames(body))
    const call: PaapiStandIn['calls'][number] = { at, operation, query, status: null }
    calls.push(call)
    const admission = rate.admit(at, arrived)
    if (admission === 'early') early += 1
    const behaviour = admission === 'accepted' ? behaviours.take(operation, query) : paapiTrouble.throttled()
    await sleep(behaviour?.delayMs ?? options.latencyMs ?? 0)
    const honest = checkRequest(request, path, text, body) ?? answerPaapi(operation, body, catalogue)
    const reply =
      behaviour?.status === undefined
        ? honest
        : { ...honest, ...behaviour, status: behaviour.status, body: behaviour.body }
    if (behaviour?.fault === undefined) call.status = reply.status
    await respond(response, reply, behaviour)
  }

  const { url, close } = await listen(handle, 0)
  return {
    url,
    calls,
    get early() {
      return early
    },
    behave: behaviours.add,
    reset() {
      calls.length = 0
      early = 0
      behaviours.clear()
    },
    close() {
      arrivals.close()
      return close()
    },
  }
}

function checkRequest(
  request: IncomingMessage,
  path: Path,
  text: string,
  body: Record<string, unknown>,
): Reply | undefined {
  const region = REGIONS[request.headers.host ?? '']
  if (region === undefined) return paapiError(404, 'UnknownOperationException', 'UnknownOperation', 'Unknown host.')
  const wrong = checkSignature(
    { method: 'POST', path, headers: request.headers, body: text },
    { ...PAAPI_STAND_IN, region },
  )
  if (wrong) return paapiError(401, `${wrong}Exception`, wrong, 'The request is not signed as it must be.')
  const target = `com.amazon.paapi5.v1.ProductAdvertisingAPIv1.${OPERATIONS[path].target}`
  if (request.headers['x-amz-target'] !== target) {
    return paapiError(404, 'UnknownOperationException', 'UnknownOperation', 'The target is not the operation.')
  }
  if (body.PartnerTag !== PAAPI_STAND_IN.partnerTag || body.PartnerType !== 'Associates') {
    return paapiError(
      400,
      'InvalidPartnerTagException',
      'InvalidPartnerTag',
      'The partner tag is not mapped to a valid store.',
    )
  }
  if (
    body.Marketplace !== undefined &&
    request.headers.host !== String(body.Marketplace).replace(/^www/, 'webservices')
  ) {
    return paapiError(
      400,
      'ValidationException',
      'InvalidParameterValue',
      'The marketplace is not the one of the host.',
    )
  }
  const ids = body.ItemIds
  if (path === '/paapi5/getitems' && (!Array.isArray(ids) || ids.length < 1 || ids.length > 10)) {
    return paapiError(400, 'ValidationException', 'InvalidParameterValue', 'ItemIds must be 1 to 10.')
  }
  return undefined
}

const lowerNames = (body: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(body).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]))
