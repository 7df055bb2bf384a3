import { BlockList, isIPv4 } from 'node:net'

/** IPv4 that no public image host has (IANA's special-purpose registry), plus Azure's metadata server, which looks public. */
const REFUSED_IPV4 = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier-grade NAT; clouds put metadata servers here too
  ['127.0.0.0', 8], // loopback
  ['168.63.129.16', 32], // Azure's metadata server
  ['169.254.0.0', 16], // link-local, with the metadata server of most clouds
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
] as const

/** Parts of 2000::/3 that are not plain hosts. */
const REFUSED_IPV6 = [
  ['2001::', 23], // protocol assignments: Teredo and others that carry another address inside
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: carries an IPv4 address inside
  ['3fff::', 20], // documentation
] as const

const refused = new BlockList()
for (const [net, prefix] of REFUSED_IPV4) refused.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of REFUSED_IPV6) refused.addSubnet(net, prefix, 'ipv6')

/** Only this block is handed out to hosts; loopback, unique local, link-local, multicast, mapped and NAT64 lie outside. */
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')

/**
 * Whether an address belongs to a host on the public internet.
 *
 * @param address IPv4 in dotted decimals or IPv6 without brackets; anything else is not public
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !refused.check(address, 'ipv4')
  return globalUnicast.check(address, 'ipv6') && !refused.check(address, 'ipv6')
}
