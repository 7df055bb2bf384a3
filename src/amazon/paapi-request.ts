import type { CreatorsRequest } from './creators-request.ts'

/**
 * Both generations of offers: the second tells only of the featured offer, and some accounts get only the first.
 * Source of the names: webservices.amazon.com/paapi5/documentation (search-items, get-items, resources).
 */
const RESOURCES = [
  'Images.Primary.Large',
  'ItemInfo.Title',
  'ItemInfo.ByLineInfo',
  'ItemInfo.Classifications',
  'ItemInfo.ContentInfo',
  'ItemInfo.ExternalIds',
  'ItemInfo.Features',
  'ItemInfo.ProductInfo',
  'ItemInfo.TechnicalInfo',
  'OffersV2.Listings.Price',
  'OffersV2.Listings.Availability',
  'OffersV2.Listings.Condition',
  'OffersV2.Listings.IsBuyBoxWinner',
  'Offers.Listings.Price',
  'Offers.Listings.Availability.Type',
  'Offers.Listings.Condition',
  'Offers.Listings.IsBuyBoxWinner',
  'BrowseNodeInfo.WebsiteSalesRank',
]

/** PA-API's fields are those of the Creators API with a capital first letter. */
export function paapiFields({ fields }: CreatorsRequest, marketplace: string): Record<string, unknown> {
  const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)
  return {
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [capital(name), value])),
    Marketplace: marketplace,
    Resources: RESOURCES,
  }
}
