import { lookup as lookupDns } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { Agent } from 'undici'
import { EnrichmentError, toEnrichmentError } from '../../errors.ts'
import { createConnector, type HttpConfig } from '../../http/outgoing.ts'
import { isPublicAddress } from './is-public-address.ts'

/** The outside world as the fetch sees it; tests put local servers in its place. */
export interface Network {
  /** All addresses of a host name. */
  lookup: (hostname: string) => Promise<{ address: string; family: number }[]>
  isPublicAddress: (address: string) => boolean
  /** Certificate authorities in PEM; undefined: the system's. */
  ca?: string
}

export const internet: Network = {
  lookup: (hostname) => lookupDns(hostname, { all: true }),
  isPublicAddress,
}

/** Connections for images: `guarded` refuses addresses that are not public, `unguarded` is for the insecure host only. */
export interface ImageAgents {
  guarded: Agent
  unguarded: Agent
}

const CONNECT_TIMEOUT_MS = 5_000

/** Idle connections do not keep the process alive, so the agents need no closing. */
export function createImageAgents(network: Network, http: HttpConfig = {}): ImageAgents {
  const { ca } = network
  const connect = createConnector(http, {
    timeoutMs: CONNECT_TIMEOUT_MS,
    // A proxy is asked for the address that was checked, not for the name, which it might resolve to another.
    lookup: createGuardedLookup(network),
    tls: ca === undefined ? undefined : () => ({ ca }),
  })
  return { guarded: new Agent({ connect }), unguarded: new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } }) }
}

/**
 * A lookup that checks what it answers. The socket connects to exactly the addresses that this call returns and asks
 * nobody else, so a name that changes its address between check and connect gains nothing.
 * One refused address refuses the host: an honest image host has no private address beside its public ones.
 */
function createGuardedLookup(network: Network): LookupFunction {
  return (hostname, _options, callback) => {
    network.lookup(hostname).then(
      (addresses) => {
        const refused = addresses.find(({ address }) => !network.isPublicAddress(address))
        if (refused === undefined) return callback(null, addresses)
        const message = `Image host ${hostname} resolves to ${refused.address}, which is not public.`
        callback(new EnrichmentError('ARTWORK_ADDRESS_REFUSED', message), [])
      },
      (cause) => {
        const message = `Image host ${hostname} cannot be resolved: ${toEnrichmentError(cause).message}.`
        callback(new EnrichmentError('ARTWORK_UNAVAILABLE', message, { cause }), [])
      },
    )
  }
}
