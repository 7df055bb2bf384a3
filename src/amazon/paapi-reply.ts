import { z } from 'zod'
import type { Refusal } from './refusal.ts'

const errors = z.array(z.object({ Code: z.string(), Message: z.string().nullish().catch(null) })).min(1)
const errorReply = z.object({ Errors: errors })
const items = z.object({ Items: z.array(z.unknown()).nullish() })
const answer = z.union([
  z.object({ SearchResult: items }).transform((reply) => reply.SearchResult.Items ?? []),
  z.object({ ItemsResult: items }).transform((reply) => reply.ItemsResult.Items ?? []),
])

/** Codes that say of single ids that there is nothing to show; they come with status 200. */
const NOTHING_THERE = {
  searchItems: ['NoResults'],
  getItems: ['NoResults', 'ItemNotFound', 'ItemNotAccessible', 'InvalidParameterValue'],
}

export type PaapiReply = { items: unknown[] } | { refusal: Refusal }

/**
 * Reads a reply with status 200: PA-API puts failures into those, too (webservices.amazon.com/paapi5/documentation,
 * troubleshooting/error-messages).
 *
 * @returns undefined when it is not a reply of PA-API at all
 */
export function readPaapiReply(reply: unknown, operation: 'getItems' | 'searchItems'): PaapiReply | undefined {
  const parsed = answer.safeParse(reply)
  if (parsed.success) return { items: parsed.data.map(toCreatorsItem) }
  const refusal = readPaapiRefusal(200, reply)
  if (!refusal) return undefined
  return NOTHING_THERE[operation].includes(refusal.reason ?? '') ? { items: [] } : { refusal }
}

/** @returns undefined when the body names no error */
export function readPaapiRefusal(status: number, body: unknown): Refusal | undefined {
  const [first] = errorReply.safeParse(body).data?.Errors ?? []
  if (!first) return undefined
  return { status, reason: first.Code, message: first.Message ?? 'no message', fields: [], retryAfterMs: undefined }
}

const offersOf = z.object({
  offersV2: z
    .object({ listings: z.array(z.unknown()).min(1) })
    .optional()
    .catch(undefined),
  offers: z.unknown(),
})

/** The item in the Creators API's spelling, with whichever offers it has. */
function toCreatorsItem(item: unknown): unknown {
  const spelled = respell(item)
  const offers = offersOf.safeParse(spelled)
  if (!offers.success || typeof spelled !== 'object') return spelled
  return { ...spelled, offersV2: offers.data.offersV2 ?? offers.data.offers }
}

function respell(value: unknown): unknown {
  // Some lists of the SDK are arrays with a prototype of their own, without map() and the like.
  if (Array.isArray(value)) return Array.from(value as ArrayLike<unknown>, respell)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [respellName(name), respell(inner)]))
}

/** ASIN, URL and EANs lose all capitals; DetailPageURL only the first. */
function respellName(name: string): string {
  return /^[A-Z]+s?$/.test(name) ? name.toLowerCase() : name.charAt(0).toLowerCase() + name.slice(1)
}
