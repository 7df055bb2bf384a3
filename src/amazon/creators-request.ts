import { EnrichmentError } from '../errors.ts'
import { type AmazonQuery, MOST_IDS } from './amazon-api.ts'

/** What a catalog request asks for. Source: affiliate-program.amazon.com/creatorsapi/docs, api-reference/operations. */
export interface CreatorsRequest {
  operation: 'getItems' | 'searchItems'
  /** Body fields besides partner tag, marketplace and resources. */
  fields: Record<string, string | number | string[]>
  /** What is asked, for people. */
  query: string
}

/** In Amazon's SDK but not in its tables of resources: not every account may be allowed to ask for it. */
const HIGH_RES = 'images.primary.highRes'
const RESOURCES = [
  'images.primary.large',
  'itemInfo.title',
  'itemInfo.byLineInfo',
  'itemInfo.classifications',
  'itemInfo.contentInfo',
  'itemInfo.externalIds',
  'itemInfo.features',
  'itemInfo.productInfo',
  'itemInfo.technicalInfo',
  'offersV2.listings.price',
  'offersV2.listings.availability',
  'offersV2.listings.condition',
  'offersV2.listings.isBuyBoxWinner',
  'browseNodeInfo.websiteSalesRank',
]

export const resourcesWith = (highRes: boolean) => (highRes ? [HIGH_RES, ...RESOURCES] : RESOURCES)

const MAX_TEXT = 1000

/** @throws EnrichmentError INTERNAL for no id, a blank one, or more than ten */
export function itemsRequest(asins: string[]): CreatorsRequest {
  if (asins.length === 0 || asins.length > MOST_IDS || asins.some((asin) => asin.trim() === '')) {
    throw new EnrichmentError('INTERNAL', `getItems takes 1 to ${MOST_IDS} ASINs, not ${JSON.stringify(asins)}`)
  }
  return {
    operation: 'getItems',
    fields: { itemIds: asins, itemIdType: 'ASIN' },
    query: `getItems ${asins.join(' ')}`,
  }
}

/** @throws EnrichmentError INTERNAL when nothing is searched for */
export function searchRequest({ searchIndex, ...texts }: AmazonQuery): CreatorsRequest {
  const given = (['artist', 'title', 'keywords'] as const)
    .map((name) => [name, cutAtWord(texts[name] ?? '')] as const)
    .filter(([, text]) => text !== '')
  if (given.length === 0) throw new EnrichmentError('INTERNAL', 'searchItems wants an artist, a title or keywords')
  return {
    operation: 'searchItems',
    // Amazon hides out-of-print albums unless told otherwise; ten is the most it gives.
    fields: { ...Object.fromEntries(given), searchIndex, itemCount: 10, availability: 'IncludeOutOfStock' },
    query: `searchItems ${given.map(([name, text]) => `${name} ${JSON.stringify(text)}`).join(' ')} in ${searchIndex}`,
  }
}

/** Keeps a text within Amazon's 1000 characters, without half a word or half a character at its end. */
function cutAtWord(text: string): string {
  const trimmed = text.trim()
  if (trimmed.length <= MAX_TEXT) return trimmed
  const cut = trimmed.slice(0, MAX_TEXT + 1).replace(/\s+\S*$/, '')
  return cut.length <= MAX_TEXT ? cut : cut.slice(0, MAX_TEXT).replace(/[\uD800-\uDBFF]$/, '')
}
