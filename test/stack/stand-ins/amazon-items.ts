import { type ProductFacts, productGroup } from './amazon-catalogue.ts'

export interface ItemOptions {
  marketplace: string
  partnerTag: string
  /** ogi for getItems, osi for searchItems, as Amazon's own links have it. */
  linkCode: 'ogi' | 'osi'
  resources: readonly string[]
  /** Where images are; undefined leaves Amazon's own addresses. */
  imageBaseUrl: string | undefined
}

type Json = Record<string, unknown>

/**
 * A product as the Creators API describes it: only what was asked for, the rest null or missing, and credits in the many
 * ways in which the real catalogue has them. Which way is drawn from the ASIN, so that an item always looks the same.
 */
export function describeItem(facts: ProductFacts, options: ItemOptions): Json {
  const { asin } = facts
  const { resources, marketplace, partnerTag, linkCode } = options
  const wants = (resource: string) => resources.some((name) => name === resource || name.startsWith(`${resource}.`))
  // The documents show both: what was not asked for is null, or is not there.
  const absent = draw(asin, 'absent', 2) === 0 ? null : undefined
  const when = (resource: string, value: unknown) => (wants(resource) ? (value ?? absent) : absent)
  const group = (resource: string, make: () => Json) => (wants(resource) ? make() : absent)
  const language = draw(asin, 'language', 3) === 0 ? '&language=en_US' : ''
  return {
    asin,
    browseNodeInfo: when(
      'browseNodeInfo.websiteSalesRank',
      facts.salesRank === undefined ? undefined : { websiteSalesRank: { salesRank: facts.salesRank } },
    ),
    detailPageURL: `https://${marketplace}/dp/${asin}?tag=${partnerTag}&linkCode=${linkCode}&th=1&psc=1${language}`,
    images: group('images', () => ({ primary: describeImages(facts, when, options.imageBaseUrl) })),
    itemInfo: group('itemInfo', () => describeInfo(facts, when, absent)),
    offersV2: group('offersV2.listings', () => ({ listings: describeListings(facts) })),
    parentASIN: when('parentASIN', undefined),
  }
}

function describeInfo(facts: ProductFacts, when: (resource: string, value: unknown) => unknown, absent: unknown): Json {
  const { asin, binding, releaseDate, ean, upc } = facts
  return {
    byLineInfo: when('itemInfo.byLineInfo', describeByLine(facts, absent)),
    classifications: when('itemInfo.classifications', {
      binding: binding === undefined ? absent : single(binding, 'Binding'),
      productGroup: single(productGroup(facts), 'ProductGroup'),
    }),
    contentInfo: when('itemInfo.contentInfo', undefined),
    externalIds: when(
      'itemInfo.externalIds',
      ean === undefined && upc === undefined
        ? undefined
        : { eans: ean ? several([ean], 'EAN') : absent, isbns: absent, upcs: upc ? several([upc], 'UPC') : absent },
    ),
    features: when('itemInfo.features', /box set/i.test(facts.title) ? several(['Box Set'], 'Features') : undefined),
    productInfo: when(
      'itemInfo.productInfo',
      releaseDate === undefined
        ? undefined
        : {
            // Live dates carry a time, or end after the T (a year alone).
            releaseDate: single(
              releaseDate.length === 10 ? `${releaseDate}T00:00:01Z` : `${releaseDate}T`,
              'ReleaseDate',
            ),
            unitCount: { displayValue: 1 + draw(asin, 'units', 2), label: 'NumberOfItems', locale: 'en_US' },
          },
    ),
    technicalInfo: when(
      'itemInfo.technicalInfo',
      /import/i.test(facts.title) ? { formats: several(['Import'], 'Formats') } : undefined,
    ),
    title: when('itemInfo.title', single(facts.title, 'Title')),
  }
}

const CREDITS = [
  { role: 'Artist', roleType: 'artist' },
  { role: 'Artist', roleType: 'artist' },
  { role: 'Artist', roleType: 'artist' },
  { role: 'Artist' },
  { role: 'Artist', roleType: null },
  { role: 'Contributor', roleType: 'contributor' },
  { role: 'Performer', roleType: 'performer' },
  { role: 'Composer', roleType: 'composer' },
]

function describeByLine({ asin, artist }: ProductFacts, absent: unknown): Json | undefined {
  if (artist === undefined) return undefined
  const credit = CREDITS[draw(asin, 'credit', CREDITS.length)]
  const contributors: Json[] = [{ locale: 'en_US', name: artist, ...credit }]
  // Seen in a real reply: a contributor without a name.
  if (draw(asin, 'nameless', 20) === 0) contributors.unshift({ locale: 'en_US', name: '', role: 'Contributor' })
  return {
    brand: draw(asin, 'brand', 3) === 0 ? single(artist, 'Brand') : absent,
    contributors,
    manufacturer: absent,
  }
}

function describeImages(
  { asin, imageUrl }: ProductFacts,
  when: (resource: string, value: unknown) => unknown,
  base: string | undefined,
): Json | null {
  // The recorded facts name few pictures. An image host of our own has one for nearly every product.
  const invented =
    base !== undefined && draw(asin, 'picture', 8) > 0 ? `https://invented/images/I/${asin}.jpg` : undefined
  const known = imageUrl ?? invented
  if (known === undefined) return null
  const { origin, pathname } = new URL(known)
  const address = `${base?.replace(/\/+$/, '') ?? origin.replace('http:', 'https:')}${pathname}`
  const original = address.replace(/\._[^/]*_\.(\w+)$/, '.$1')
  const side = (modifier: string) => original.replace(/\.(\w+)$/, `.${modifier}.$1`)
  const hasHighRes = draw(asin, 'highRes', 3) === 0
  return {
    // The resource is highRes, the field is hiRes.
    hiRes: when(
      'images.primary.highRes',
      hasHighRes ? { height: 1500, url: side('_SL1500_'), width: 1500 } : undefined,
    ),
    large: when('images.primary.large', { height: 500, url: side('_SL500_'), width: 500 }),
    medium: when('images.primary.medium', { height: 160, url: side('_SL160_'), width: 160 }),
    small: when('images.primary.small', { height: 75, url: side('_SL75_'), width: 75 }),
  }
}

function describeListings({ asin, price }: ProductFacts): Json[] {
  if (price === undefined) return []
  const { amount, currency } = price
  const displayAmount = new Intl.NumberFormat('en-US', { style: 'currency', currency }).format(amount)
  return [
    {
      availability: {
        maxOrderQuantity: 30,
        minOrderQuantity: 1,
        type: draw(asin, 'stock', 8) === 0 ? 'IN_STOCK_SCARCE' : 'IN_STOCK',
      },
      condition: { conditionNote: '', subCondition: 'Unknown', value: draw(asin, 'used', 10) === 0 ? 'Used' : 'New' },
      isBuyBoxWinner: true,
      merchantInfo: { name: 'Amazon.com' },
      price: { money: { amount, currency, displayAmount } },
      violatesMAP: false,
    },
  ]
}

const single = (displayValue: string, label: string) => ({ displayValue, label, locale: 'en_US' })
const several = (displayValues: string[], label: string) => ({ displayValues, label, locale: 'en_US' })

/** A number from 0 up to below `sides` that depends on the ASIN and the question alone (FNV-1a). */
function draw(asin: string, question: string, sides: number): number {
  let hash = 2166136261
  for (const char of `${asin}/${question}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619)
  return (hash >>> 8) % sides
}
