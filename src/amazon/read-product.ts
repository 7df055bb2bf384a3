import { z } from 'zod'
import type { Image, Product } from '../album.ts'
import { EnrichmentError } from '../errors.ts'

// Any field may be missing, null, or (as Amazon's documents and SDKs disagree about some) of another type: whatever
// cannot be read is unknown, and never costs the rest of the product.
const maybe = <S extends z.ZodType>(schema: S) =>
  schema
    .nullish()
    .catch(undefined)
    .transform((value) => value ?? null)
const list = <S extends z.ZodType>(schema: S) =>
  z
    .array(maybe(schema))
    .nullish()
    .catch(undefined)
    .transform((values) => (values ?? []).filter((value) => value !== null))

// Neither a NUL nor half a surrogate pair can be stored in PostgreSQL, and neither means anything.
const text = z
  .string()
  .transform((given) => given.replaceAll('\0', '').toWellFormed().trim())
  .pipe(z.string().min(1))
const value = maybe(z.object({ displayValue: text }))
const values = maybe(z.object({ displayValues: list(text) }))
const image = maybe(
  z.object({ url: z.url({ protocol: /^https?$/ }), width: maybe(z.number()), height: maybe(z.number()) }),
)
/** Beyond it a price in minor units is no whole number any more. */
const HIGHEST_PRICE = 1e12
/** Amazon has fewer products; it is sent as 32 bits. */
const LOWEST_RANK = 2 ** 31 - 1
const money = {
  amount: maybe(z.number().nonnegative().max(HIGHEST_PRICE)),
  currency: maybe(z.string().regex(/^[A-Z]{3}$/)),
}

const listing = z.object({
  availability: maybe(z.object({ type: maybe(text) })),
  condition: maybe(z.object({ value: maybe(text) })),
  price: maybe(z.object({ money: maybe(z.object(money)), ...money })),
  isBuyBoxWinner: maybe(z.boolean()),
  violatesMAP: maybe(z.boolean()),
})

const item = z.object({
  asin: text,
  detailPageURL: maybe(z.url({ protocol: /^https?$/ })),
  images: maybe(z.object({ primary: maybe(z.object({ hiRes: image, large: image, medium: image, small: image })) })),
  itemInfo: maybe(
    z.object({
      title: value,
      byLineInfo: maybe(
        z.object({
          contributors: list(z.object({ name: text, role: maybe(text), roleType: maybe(text) })),
          brand: value,
          manufacturer: value,
        }),
      ),
      classifications: maybe(z.object({ binding: value, productGroup: value })),
      contentInfo: maybe(z.object({ edition: value, publicationDate: value })),
      externalIds: maybe(z.object({ eans: values, upcs: values })),
      features: values,
      productInfo: maybe(z.object({ releaseDate: value })),
      technicalInfo: maybe(z.object({ formats: values })),
    }),
  ),
  browseNodeInfo: maybe(
    z.object({ websiteSalesRank: maybe(z.object({ salesRank: maybe(z.int().positive().max(LOWEST_RANK)) })) }),
  ),
  offersV2: maybe(z.object({ listings: list(listing) })),
})
type Item = z.output<typeof item>
type Listing = z.output<typeof listing>

/**
 * Compiled by the first product, which a standby never sees: that takes 25 ms, and then half the time for each. Strict, so that
 * a schema which cannot be compiled is not left as it is in silence.
 */
let compiled: typeof item | undefined

/** Longer features are advertising copy; the short ones say "Box set" or "Limited Edition". */
const LONGEST_FORMAT = 40

/** How items become products: `productPage` makes the address for one that came without; `fetchedAt` is in ms since 1970. */
interface ReadContext {
  fetchedAt: number
  productPage: (asin: string) => string
}

/**
 * Reads the items of a reply; one with which nothing can be done is left out.
 *
 * @throws EnrichmentError AMAZON_UNAVAILABLE where that is all of them: such a reply does not say that there is nothing
 */
export function readProducts(items: readonly unknown[], context: ReadContext): Product[] {
  const products = items.map((item) => readProduct(item, context)).filter((product) => product !== undefined)
  if (products.length > 0 || items.length === 0) return products
  throw new EnrichmentError('AMAZON_UNAVAILABLE', `200 with ${items.length} items, of which none can be read`)
}

/**
 * Reads one item of a reply, in the Creators API's spelling.
 *
 * @param given anything; a wrong or missing part becomes unknown
 * @returns undefined when the item has no ASIN, so that nothing can be done with it
 */
export function readProduct(given: unknown, context: ReadContext): Product | undefined {
  compiled ??= z.compile(item, { strict: true })
  const parsed = compiled.safeParse(given)
  if (!parsed.success) return undefined
  const { asin, detailPageURL, itemInfo: info, browseNodeInfo, offersV2, images } = parsed.data
  const listings = offersV2?.listings ?? []
  // One without a price says as little as none: an album that is out of stock may be sold by somebody else.
  const offer = listings.find((one) => one.isBuyBoxWinner) ?? listings.find((one) => readPrice(one)) ?? listings[0]
  return {
    asin,
    url: detailPageURL ?? context.productPage(asin),
    title: info?.title?.displayValue ?? '',
    contributors: info?.byLineInfo?.contributors ?? [],
    brand: info?.byLineInfo?.brand?.displayValue ?? null,
    manufacturer: info?.byLineInfo?.manufacturer?.displayValue ?? null,
    binding: info?.classifications?.binding?.displayValue ?? null,
    productGroup: info?.classifications?.productGroup?.displayValue ?? null,
    edition: info?.contentInfo?.edition?.displayValue ?? null,
    formats: readFormats(info),
    releaseDate: readDate(info?.productInfo?.releaseDate) ?? readDate(info?.contentInfo?.publicationDate),
    barcodes: [
      ...new Set([
        ...(info?.externalIds?.eans?.displayValues ?? []),
        ...(info?.externalIds?.upcs?.displayValues ?? []),
      ]),
    ],
    price: readPrice(offer),
    condition: offer?.condition?.value ?? null,
    availability: offer?.availability?.type ?? null,
    salesRank: browseNodeInfo?.websiteSalesRank?.salesRank ?? null,
    image: readImage(images),
    fetchedAt: context.fetchedAt,
  }
}

function readFormats(info: Item['itemInfo']): string[] {
  const features = info?.features?.displayValues.filter((feature) => feature.length <= LONGEST_FORMAT) ?? []
  return [...new Set([...(info?.technicalInfo?.formats?.displayValues ?? []), ...features])]
}

/** Live replies hold dates such as "2019T" and "1997-05-13T00:00:01Z": what looks like a date at the start counts. */
function readDate(date: { displayValue: string } | null | undefined): string | null {
  return date?.displayValue.match(/^\d{4}(-\d{2}(-\d{2})?)?(?!\d)/)?.[0] ?? null
}

function readPrice(offer: Listing | undefined): Product['price'] {
  // A price below the maker's minimum may be seen on Amazon's page only (offersV2, violatesMAP).
  if (!offer?.price || offer.violatesMAP) return null
  const { amount, currency } = offer.price.money ?? offer.price
  return amount === null || currency === null ? null : { amount, currency }
}

function readImage(images: Item['images']): Image | null {
  const { hiRes, large, medium, small } = images?.primary ?? {}
  const pixels = (it: { width: number | null; height: number | null }) => (it.width ?? 0) * (it.height ?? 0)
  // By their names where sizes are not told, but a size that is told counts: the name "large" has been seen on 75 px.
  const named = [hiRes, large, medium, small].filter((it) => it !== null && it !== undefined)
  const [largest] = named.toSorted((a, b) => (pixels(a) && pixels(b) ? pixels(b) - pixels(a) : 0))
  return largest ? { url: largest.url, width: largest.width ?? 0, height: largest.height ?? 0 } : null
}
