import { BlockList, isIP } from 'node:net'

const NAME = /^(\*|[\w.*-]+|\[?[\da-f:]+\]?)(:\d+)?$/i

/** Whether an entry of NO_PROXY can be read. */
export const isNoProxyEntry = (entry: string) => NAME.test(entry) || readAddresses(entry) !== undefined

/**
 * Whether NO_PROXY names a host. As curl and others read it: a star, names that stand for themselves and what ends in them,
 * addresses, each of these with a port or without, or an address and how many of its bits count.
 *
 * @param host an IPv6 address without brackets
 */
export function isExempt(entries: readonly string[], host: string, port: string): boolean {
  return entries.some((entry) => {
    const isWhole = isIP(entry) !== 0 || entry.includes('/')
    const [, named = '', ofPort] = isWhole ? [entry, entry] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? [])
    if (ofPort !== undefined && ofPort !== port) return false
    const family = isIP(host)
    if (family !== 0) return named === '*' || readAddresses(named)?.check(host, `ipv${family as 4 | 6}`) === true
    const name = named.toLowerCase().replace(/^\*?\.?/, '')
    return named === '*' || host.toLowerCase() === name || (name !== '' && host.toLowerCase().endsWith(`.${name}`))
  })
}

/** An address, with brackets or without, or address/bits; undefined where it is none. */
function readAddresses(entry: string): BlockList | undefined {
  const [, address = '', bits] = /^\[?([^[\]/]*)\]?(?:\/(\d{1,3}))?$/.exec(entry) ?? []
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  if (family === 0 || Number(bits ?? most) > most) return undefined
  const list = new BlockList()
  list.addSubnet(address, Number(bits ?? most), family === 4 ? 'ipv4' : 'ipv6')
  return list
}
