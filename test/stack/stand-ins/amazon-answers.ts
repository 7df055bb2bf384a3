import type { Catalogue } from './amazon-catalogue.ts'
import { describeItem } from './amazon-items.ts'
import { type Reply, refusals } from './amazon-refusals.ts'

type Body = Record<string, unknown>

/** A catalog request that passed all checks. */
interface CheckedRequest {
  operation: 'getItems' | 'searchItems'
  marketplace: string
  body: Body
}

/** What a request asks, in one line: ids, or the texts searched for. */
export function describeQuery(operation: CheckedRequest['operation'], body: Body): string {
  if (operation === 'getItems') return Array.isArray(body.itemIds) ? body.itemIds.join(' ') : ''
  return ['artist', 'title', 'keywords']
    .filter((name) => body[name] !== undefined)
    .map((name) => `${name}=${body[name]}`)
    .join(' ')
}

/** Answers from the catalogue, in the shapes of Amazon's documents and live replies. */
export function answerRequest(request: CheckedRequest, catalogue: Catalogue, imageBaseUrl: string | undefined): Reply {
  const { operation, marketplace, body } = request
  const itemOptions = {
    marketplace,
    partnerTag: String(body.partnerTag),
    resources: Array.isArray(body.resources) ? body.resources.map(String) : ['itemInfo.title'],
    imageBaseUrl,
  }
  if (operation === 'getItems') {
    const ids = (Array.isArray(body.itemIds) ? body.itemIds : []).map(String)
    const found = ids.map((id) => catalogue.find(id)).filter((facts) => facts !== undefined)
    if (found.length === 0) return refusals.noItems(ids.join(','))
    const missing = ids.filter((id) => !catalogue.find(id))
    const errors = missing.map((id) => ({
      code: 'ItemNotAccessible',
      message: `The ItemId ${id} is not accessible through the Creators API.`,
    }))
    const items = found.map((facts) => describeItem(facts, { ...itemOptions, linkCode: 'ogi' }))
    return { status: 200, body: { ...(errors.length > 0 && { errors }), itemsResult: { items } } }
  }
  const found = catalogue
    .search({ ...readTexts(body), searchIndex: String(body.searchIndex ?? 'All') })
    // Without an offer a product counts as out of stock, which Amazon hides unless told otherwise.
    .filter((facts) => body.availability === 'IncludeOutOfStock' || facts.price !== undefined)
  const count = Number(body.itemCount ?? 10)
  const start = (Number(body.itemPage ?? 1) - 1) * count
  const items = found
    .slice(start, start + count)
    .map((facts) => describeItem(facts, { ...itemOptions, linkCode: 'osi' }))
  if (items.length === 0) return refusals.noResults(describeQuery(operation, body))
  const words = encodeURIComponent(describeQuery(operation, body))
  const searchURL = `https://${marketplace}/s?k=${words}&tag=${itemOptions.partnerTag}&linkCode=osi`
  return { status: 200, body: { searchResult: { items, searchURL, totalResultCount: found.length } } }
}

function readTexts(body: Body) {
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : undefined)
  return { artist: text('artist'), title: text('title'), keywords: text('keywords') }
}
