import { z } from 'zod'
import type { Refusal } from './refusal.ts'

const maybeText = z
  .string()
  .nullish()
  .catch(null)
  .transform((text) => text ?? null)

const refusalBody = z.object({
  type: maybeText,
  __type: maybeText,
  message: maybeText,
  reason: maybeText,
  // Names in Amazon's documents, objects in its SDKs.
  fieldList: z
    .array(z.union([z.string(), z.object({ name: z.string() }).transform((field) => field.name)]).catch(''))
    .nullish()
    .catch(null)
    .transform((fields) => (fields ?? []).filter((field) => field !== '')),
  retryAfterSeconds: z.coerce.number().nonnegative().finite().optional().catch(undefined),
})

/** A refusal of the Creators API, unwrapped. */
export interface CreatorsRefusal extends Refusal {
  /** For example ThrottleException; null when the body does not say. */
  type: string | null
}

/**
 * Reads the flat error body of the Creators API.
 * Source: affiliate-program.amazon.com/creatorsapi/docs, troubleshooting/error-codes-and-messages.
 *
 * @returns undefined when the body is not such an error
 */
export function readRefusal(status: number, json: unknown): CreatorsRefusal | undefined {
  const parsed = refusalBody.safeParse(json)
  if (!parsed.success) return undefined
  const { type, __type, message, reason, fieldList, retryAfterSeconds } = parsed.data
  const name = (type ?? __type)?.replace(/^com\.amazon\.\w+#/, '').replace(/ResponseContent$/, '') ?? null
  if (name === null && reason === null && message === null) return undefined
  return {
    status,
    type: name,
    reason,
    message: message ?? 'no message',
    fields: fieldList,
    retryAfterMs: retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000,
  }
}

const items = z.object({ items: z.array(z.unknown()).nullish() }).nullish()
const answer = z.object({
  searchResult: items,
  // One page of Amazon's documents spells it itemResults; the service and the SDKs say itemsResult.
  itemsResult: items,
  itemResults: items,
  errors: z
    .array(
      z
        .object({ code: z.string(), message: z.string().nullish().catch(null) })
        .nullable()
        .catch(null),
    )
    .nullish()
    .catch(null),
})

const ROOTS = ['searchResult', 'itemsResult', 'itemResults'] as const
/** Codes that say of single ids, or of a search, that there is nothing to show (api-reference/operations/get-items). */
const NOTHING_THERE = ['NoResults', 'ItemNotFound', 'ItemNotAccessible']
/** Of an id it says that there is no such product; of a search that the search is wrong. */
const BAD_VALUE = 'InvalidParameterValue'

/** Of one item, beside others that came, it says nothing about the item. */
const PASSING = /internal|throttl|too ?many|unavailable|time-?out/i

/**
 * Reads a reply with status 200. Items that failed one by one are simply not among the items.
 *
 * @returns undefined when it is not a reply of the catalog at all
 */
export function readItems(
  json: unknown,
  operation: 'getItems' | 'searchItems',
): { items: unknown[] } | { refusal: CreatorsRefusal } | undefined {
  const parsed = answer.safeParse(json)
  if (!parsed.success) return undefined
  const root = ROOTS.find((name) => name in parsed.data)
  const found = root && parsed.data[root]?.items
  const errors = (parsed.data.errors ?? []).filter((error) => error !== null)
  if (found && found.length > 0) return errors.some(({ code }) => PASSING.test(code)) ? undefined : { items: found }
  const grave = errors.find(
    ({ code }) => !NOTHING_THERE.includes(code) && (code !== BAD_VALUE || operation === 'searchItems'),
  )
  if (grave?.code === BAD_VALUE) {
    const { code, message } = grave
    const rest = { fields: [], retryAfterMs: undefined }
    return { refusal: { status: 200, type: null, reason: code, message: message ?? 'no message', ...rest } }
  }
  return grave || (root === undefined && errors.length === 0) ? undefined : { items: [] }
}
