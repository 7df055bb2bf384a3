import { type Reply, refusals } from './amazon-refusals.ts'

/** Sites and whether they have an index called Music (Amazon's locale reference). */
const SITES: Record<string, boolean> = {
  'www.amazon.com': true,
  'www.amazon.ca': true,
  'www.amazon.com.mx': true,
  'www.amazon.com.br': false,
  'www.amazon.co.uk': true,
  'www.amazon.de': true,
  'www.amazon.fr': true,
  'www.amazon.it': true,
  'www.amazon.es': true,
  'www.amazon.nl': true,
  'www.amazon.com.be': true,
  'www.amazon.ie': false,
  'www.amazon.pl': true,
  'www.amazon.se': true,
  'www.amazon.com.tr': false,
  'www.amazon.eg': false,
  'www.amazon.sa': true,
  'www.amazon.ae': false,
  'www.amazon.in': true,
  'www.amazon.co.jp': true,
  'www.amazon.com.au': true,
  'www.amazon.sg': false,
}

const INFO =
  'title byLineInfo classifications contentInfo contentRating externalIds features manufactureInfo productInfo technicalInfo tradeInInfo'
const LISTINGS = 'price availability condition merchantInfo isBuyBoxWinner dealDetails loyaltyPoints type'
const SIZES = 'small medium large highRes'
const named = (prefix: string, names: string) => names.split(' ').map((name) => `${prefix}.${name}`)

const RESOURCES = new Set([
  ...named('images.primary', SIZES),
  ...named('images.variants', SIZES),
  ...named('itemInfo', INFO),
  ...named('offersV2.listings', LISTINGS),
  'browseNodeInfo.websiteSalesRank',
  'browseNodeInfo.browseNodes',
  'browseNodeInfo.browseNodes.ancestor',
  'browseNodeInfo.browseNodes.salesRank',
  'parentASIN',
  'customerReviews.count',
  'customerReviews.starRating',
])

const TEXTS = ['keywords', 'artist', 'title', 'author', 'actor', 'brand'] as const

export interface CatalogRequest {
  operation: 'getItems' | 'searchItems'
  marketplace: string | undefined
  contentType: string
  body: Record<string, unknown>
}

/**
 * Checks a catalog request as strictly as Amazon documents it (api-reference/operations).
 *
 * @returns the refusal, or undefined when all is well
 */
export function checkRequest(request: CatalogRequest, rules: { partnerTag: string }): Reply | undefined {
  const { operation, marketplace, contentType, body } = request
  if (contentType.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return refusals.invalid('content-type', 'must be application/json')
  }
  if (marketplace === undefined || !(marketplace in SITES))
    return refusals.invalid('x-marketplace', 'unknown marketplace')
  if (body.marketplace !== undefined && body.marketplace !== marketplace) {
    return refusals.invalid('marketplace', 'is not the one in the header')
  }
  const tag = body.partnerTag
  if (!isText(tag, 64)) return refusals.invalid('partnerTag', 'must be 1 to 64 characters, not blank')
  if (tag !== rules.partnerTag) return refusals.partnerTag()
  const resources = body.resources ?? []
  if (
    !Array.isArray(resources) ||
    resources.length > 100 ||
    resources.some((name) => !RESOURCES.has(name) && !(operation === 'searchItems' && name === 'searchRefinements'))
  ) {
    return refusals.invalid('resources', 'Member must satisfy enum value set')
  }
  return operation === 'getItems' ? checkItems(body) : checkSearch(body, marketplace)
}

function checkItems(body: Record<string, unknown>): Reply | undefined {
  const ids = body.itemIds
  if (!Array.isArray(ids) || ids.length < 1 || ids.length > 10)
    return refusals.invalid('itemIds', 'must be 1 to 10 ids')
  if (ids.some((id) => !isText(id, 64))) return refusals.invalid('itemIds', 'must not be blank')
  if (body.itemIdType !== undefined && body.itemIdType !== 'ASIN') return refusals.invalid('itemIdType', 'must be ASIN')
  return undefined
}

function checkSearch(body: Record<string, unknown>, marketplace: string): Reply | undefined {
  const given = TEXTS.filter((name) => body[name] !== undefined)
  if (given.length === 0) return refusals.invalid('keywords', `one of ${TEXTS.join(', ')} is needed`)
  const bad = given.find((name) => !isText(body[name], 1000))
  if (bad) return refusals.invalid(bad, 'must be 1 to 1000 characters, not blank')
  for (const name of ['itemCount', 'itemPage'] as const) {
    const count = body[name] ?? 1
    if (!Number.isInteger(count) || Number(count) < 1 || Number(count) > 10)
      return refusals.invalid(name, 'must be 1 to 10')
  }
  const indexes = SITES[marketplace] ? ['All', 'Music'] : ['All']
  if (!indexes.includes(String(body.searchIndex ?? 'All'))) {
    return refusals.invalid('searchIndex', `unknown here; known to this stand-in: ${indexes.join(', ')}`)
  }
  if (!['Available', 'IncludeOutOfStock'].includes(String(body.availability ?? 'Available'))) {
    return refusals.invalid('availability', 'must be Available or IncludeOutOfStock')
  }
  return undefined
}

const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= max
