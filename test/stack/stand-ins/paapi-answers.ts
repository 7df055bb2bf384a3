import type { Behaviour } from './amazon-behaviours.ts'
import type { Catalogue } from './amazon-catalogue.ts'
import { describeItem } from './amazon-items.ts'
import type { Reply } from './amazon-refusals.ts'

type Body = Record<string, unknown>
type Operation = 'getItems' | 'searchItems'

/** PA-API's error bodies: the first kind comes with its own status, the second with status 200 beside the results. */
export const paapiError = (status: number, type: string, Code: string, Message: string): Reply => ({
  status,
  body: { __type: `com.amazon.paapi5#${type}`, Errors: [{ Code, Message }] },
})
const notice = (Code: string, Message: string) => ({ __type: 'com.amazon.paapi5#ErrorData', Code, Message })

/** What real trouble of PA-API looks like, for `behave({ ...paapiTrouble.throttled(), times: 1 })`. */
export const paapiTrouble = {
  throttled: (): Behaviour =>
    paapiError(429, 'TooManyRequestsException', 'TooManyRequests', 'The request was denied due to request throttling.'),
  retired: (): Behaviour =>
    paapiError(
      403,
      'AccessDeniedException',
      'AccessDenied',
      'Product Advertising API is deprecated. Please migrate to Creators API.',
    ),
  notEligible: (): Behaviour =>
    paapiError(403, 'AccessDeniedException', 'AssociateNotEligible', 'Your account is not eligible.'),
  internal: (): Behaviour =>
    paapiError(500, 'InternalFailure', 'InternalFailure', 'The request processing has failed.'),
}

/** PA-API's names start with a capital and write abbreviations in capitals. */
function capitalise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(capitalise)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      // PA-API leaves out what it does not know; it says null nowhere.
      .filter(([, inner]) => inner !== null && inner !== undefined)
      .map(([name, inner]) => [CAPITALS[name] ?? name.charAt(0).toUpperCase() + name.slice(1), capitalise(inner)]),
  )
}

const CAPITALS: Record<string, string> = { asin: 'ASIN', url: 'URL', eans: 'EANs', isbns: 'ISBNs', upcs: 'UPCs' }

/** The first generation of offers has the money right under the price. */
function withOffersV1(item: Body): Body {
  const offers = item.OffersV2 as { Listings?: { Price?: { Money?: object } }[] } | undefined
  if (!offers?.Listings) return item
  return { ...item, Offers: { Listings: offers.Listings.map((offer) => ({ ...offer, Price: offer.Price?.Money })) } }
}

/** Answers a request that passed all checks from the catalogue; failures come with status 200, as in real replies. */
export function answerPaapi(operation: Operation, body: Body, catalogue: Catalogue): Reply {
  const asked = Array.isArray(body.Resources) ? body.Resources.map(String) : ['ItemInfo.Title']
  const describe = (facts: Parameters<typeof describeItem>[0]) => {
    const item = describeItem(facts, {
      marketplace: String(body.Marketplace ?? 'www.amazon.com'),
      partnerTag: String(body.PartnerTag),
      linkCode: operation === 'getItems' ? 'ogi' : 'osi',
      resources: asked.map((name) => name.replace(/(^|\.)([A-Z])/g, (start) => start.toLowerCase())),
      imageBaseUrl: undefined,
    })
    const spelled = capitalise(item) as Body
    return asked.some((name) => name.startsWith('Offers.')) ? withOffersV1(spelled) : spelled
  }
  if (operation === 'getItems') {
    const ids = (Array.isArray(body.ItemIds) ? body.ItemIds : []).map(String)
    const found = ids.map((id) => catalogue.find(id)).filter((facts) => facts !== undefined)
    const Errors = ids
      .filter((id) => !catalogue.find(id))
      .map((id) =>
        notice('ItemNotAccessible', `The ItemId ${id} is not accessible through the Product Advertising API.`),
      )
    const results = found.length > 0 ? { ItemsResult: { Items: found.map(describe) } } : {}
    return { status: 200, body: { ...(Errors.length > 0 && { Errors }), ...results } }
  }
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : undefined)
  const found = catalogue.search({
    artist: text('Artist'),
    title: text('Title'),
    keywords: text('Keywords'),
    searchIndex: text('SearchIndex') ?? 'All',
  })
  if (found.length === 0)
    return { status: 200, body: { Errors: [notice('NoResults', 'No results found for your request.')] } }
  const Items = found.slice(0, Number(body.ItemCount ?? 10)).map(describe)
  return {
    status: 200,
    body: { SearchResult: { Items, SearchURL: 'https://www.amazon.com/s?k=', TotalResultCount: found.length } },
  }
}
