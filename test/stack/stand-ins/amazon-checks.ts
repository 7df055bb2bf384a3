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

const oneOf = (values: string) => (value: unknown) => values.split(' ').includes(String(value))
const whole = (min: number, max: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= min && Number(value) <= max

/** Fields that may be left out, what is good for them, and what Amazon says of what is not. */
const OPTIONS: readonly [name: string, isGood: (value: unknown) => boolean, why: string][] = [
  ['itemCount', whole(1, 10), 'must be 1 to 10'],
  ['itemPage', whole(1, 10), 'must be 1 to 10'],
  ['availability', oneOf('Available IncludeOutOfStock'), 'must be Available or IncludeOutOfStock'],
  ['condition', oneOf('Any New'), 'must be Any or New'],
  [
    'sortBy',
    oneOf('AvgCustomerReviews Featured NewestArrivals Price:HighToLow Price:LowToHigh Relevance'),
    'Member must satisfy enum value set',
  ],
  ['languagesOfPreference', (value) => Array.isArray(value) && value.length <= 1, 'must be one language at most'],
  ['browseNodeId', (value) => /^[1-9]\d{0,18}$/.test(String(value)), 'must be digits, 19 at most'],
  ['minPrice', whole(1, Number.MAX_SAFE_INTEGER), 'must be 1 or more'],
  ['maxPrice', whole(1, Number.MAX_SAFE_INTEGER), 'must be 1 or more'],
  ['minReviewsRating', whole(1, 4), 'must be 1 to 4'],
  ['minSavingPercent', whole(1, 99), 'must be 1 to 99'],
]

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
  const wrong = OPTIONS.find(([name, isGood]) => body[name] !== undefined && body[name] !== null && !isGood(body[name]))
  if (wrong) return refusals.invalid(wrong[0], wrong[2])
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
  const indexes = SITES[marketplace] ? ['All', 'Music'] : ['All']
  if (!indexes.includes(String(body.searchIndex ?? 'All'))) {
    return refusals.invalid('searchIndex', `unknown here; known to this stand-in: ${indexes.join(', ')}`)
  }
  return undefined
}

const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= max
