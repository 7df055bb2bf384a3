import type { Album } from '../album.ts'
import { readAsin } from '../amazon/read-asin.ts'

/**
 * The ASINs that the importer knows to be the album on this marketplace, as Amazon writes them and without doubles; what can
 * be none is passed over. The same ASIN may name another product on another marketplace.
 */
export function knownAsins({ asins }: Pick<Album, 'asins'>, marketplace: string): string[] {
  const site = siteOf(marketplace)
  const told = Object.entries(asins).flatMap(([where, list]) => (siteOf(where) === site ? list : []))
  return [...new Set(told.map(readAsin))].filter((asin) => asin !== undefined)
}

/** As people write a marketplace: in any case, with or without its www. */
const siteOf = (marketplace: string) =>
  marketplace
    .trim()
    .toLowerCase()
    .replace(/^www\./, '')
