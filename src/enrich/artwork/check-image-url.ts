import { isIP } from 'node:net'
import { EnrichmentError } from '../../errors.ts'
import { isPublicAddress } from './is-public-address.ts'

/** Where images may come from. */
export interface AllowedHosts {
  /** Host names, with `:port` where it is not 443; compared without regard to case. */
  hosts: readonly string[]
  /** The one `host:port` that may be fetched over http and have a private address, for a demo; null: none. */
  insecureHost: string | null
}

/**
 * Reads an image URL and refuses what lies outside the allowed hosts.
 *
 * The check sees the host as the URL standard writes it, so decimal, octal and hexadecimal spellings of an address
 * arrive here as dotted decimals.
 *
 * @param base resolves a relative URL, as redirects have them
 * @throws EnrichmentError ARTWORK_HOST_REFUSED, or ARTWORK_ADDRESS_REFUSED for a host that is written as a private address
 */
export function checkImageUrl(text: string, allowed: AllowedHosts, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw new EnrichmentError('ARTWORK_HOST_REFUSED', 'The image address is not a URL.')
  if (url.protocol === 'http:' && url.host === allowed.insecureHost) return url

  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0 && !isPublicAddress(literal)) {
    throw new EnrichmentError('ARTWORK_ADDRESS_REFUSED', `${nameImage(url)} is on a private address.`)
  }
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new EnrichmentError('ARTWORK_HOST_REFUSED', `${nameImage(url)} is not a plain https URL.`)
  }
  if (!allowed.hosts.some((host) => host.toLowerCase() === url.host)) {
    throw new EnrichmentError(
      'ARTWORK_HOST_REFUSED',
      `${nameImage(url)} is on a host that is not allowed. Add ${url.host} to ARTWORK_HOSTS if it is one of Amazon's.`,
    )
  }
  return url
}

/** The URL for messages: without credentials and query, which may hold secrets. */
export function nameImage(url: URL): string {
  return `Image ${url.protocol}//${url.host}${url.pathname}`
}
