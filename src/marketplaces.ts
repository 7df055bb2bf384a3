import { EnrichmentError } from './errors.ts'

/** An Amazon site. */
export interface Marketplace {
  /** As in Amazon's x-marketplace header, for example www.amazon.com. */
  domain: string
  /** Names the group of credentials: NA is 2.1 and 3.1, EU 2.2 and 3.2, FE 2.3 and 3.3. */
  region: 'NA' | 'EU' | 'FE'
  /** ISO 4217 code of its prices. */
  currency: string
  /** Whether a search may name the index `Music`; elsewhere it is `All`. */
  hasMusicIndex: boolean
}

const site = (domain: string, region: Marketplace['region'], currency: string, hasMusicIndex = true): Marketplace => ({
  domain,
  region,
  currency,
  hasMusicIndex,
})

/**
 * From Amazon's locale reference (affiliate-program.amazon.com/creatorsapi/docs, locale-reference). Ireland's indexes
 * are not documented; `All` exists everywhere, so it counts as a site without `Music`.
 */
const MARKETPLACES: readonly Marketplace[] = [
  site('www.amazon.com', 'NA', 'USD'),
  site('www.amazon.ca', 'NA', 'CAD'),
  site('www.amazon.com.mx', 'NA', 'MXN'),
  site('www.amazon.com.br', 'NA', 'BRL', false),
  site('www.amazon.co.uk', 'EU', 'GBP'),
  site('www.amazon.de', 'EU', 'EUR'),
  site('www.amazon.fr', 'EU', 'EUR'),
  site('www.amazon.it', 'EU', 'EUR'),
  site('www.amazon.es', 'EU', 'EUR'),
  site('www.amazon.nl', 'EU', 'EUR'),
  site('www.amazon.com.be', 'EU', 'EUR'),
  site('www.amazon.ie', 'EU', 'EUR', false),
  site('www.amazon.pl', 'EU', 'PLN'),
  site('www.amazon.se', 'EU', 'SEK'),
  site('www.amazon.com.tr', 'EU', 'TRY', false),
  site('www.amazon.eg', 'EU', 'EGP', false),
  site('www.amazon.sa', 'EU', 'SAR'),
  site('www.amazon.ae', 'EU', 'AED', false),
  site('www.amazon.in', 'EU', 'INR'),
  site('www.amazon.co.jp', 'FE', 'JPY'),
  site('www.amazon.com.au', 'FE', 'AUD'),
  site('www.amazon.sg', 'FE', 'SGD', false),
]

/** The sites that there are, for people to read. */
export const KNOWN_MARKETPLACES = MARKETPLACES.map(({ domain }) => domain).join(', ')

export const isMarketplace = (domain: string): boolean => MARKETPLACES.some((site) => site.domain === domain)

/** @throws EnrichmentError CONFIG_INVALID that lists the known sites */
export function findMarketplace(domain: string): Marketplace {
  const found = MARKETPLACES.find((marketplace) => marketplace.domain === domain)
  if (found) return found
  throw new EnrichmentError(
    'CONFIG_INVALID',
    `AMAZON_MARKETPLACE: ${JSON.stringify(domain)} is not an Amazon site with this API. Known are: ${KNOWN_MARKETPLACES}`,
  )
}
