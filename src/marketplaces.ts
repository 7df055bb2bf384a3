import { EnrichmentError } from './errors.ts'

/** An Amazon site. */
export interface Marketplace {
  /** As in Amazon's x-marketplace header, for example www.amazon.com. */
  domain: string
  /** Whether a search may name the index `Music`; elsewhere it is `All`. */
  hasMusicIndex: boolean
}

const site = (domain: string, hasMusicIndex = true): Marketplace => ({ domain, hasMusicIndex })

/**
 * From Amazon's locale reference (affiliate-program.amazon.com/creatorsapi/docs, locale-reference). Ireland's indexes
 * are not documented; `All` exists everywhere, so it counts as a site without `Music`.
 */
const MARKETPLACES: readonly Marketplace[] = [
  site('www.amazon.com'),
  site('www.amazon.ca'),
  site('www.amazon.com.mx'),
  site('www.amazon.com.br', false),
  site('www.amazon.co.uk'),
  site('www.amazon.de'),
  site('www.amazon.fr'),
  site('www.amazon.it'),
  site('www.amazon.es'),
  site('www.amazon.nl'),
  site('www.amazon.com.be'),
  site('www.amazon.ie', false),
  site('www.amazon.pl'),
  site('www.amazon.se'),
  site('www.amazon.com.tr', false),
  site('www.amazon.eg', false),
  site('www.amazon.sa'),
  site('www.amazon.ae', false),
  site('www.amazon.in'),
  site('www.amazon.co.jp'),
  site('www.amazon.com.au'),
  site('www.amazon.sg', false),
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
