import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import type { ISocketFactoryArgs } from 'kafkajs'

/** Of names that stand for an address of IPv6, its colons dashes: a name that resolves nowhere, by Windows' convention. */
const LITERAL = '.ipv6-literal.net'
/** In milliseconds, as KafkaJS itself does. */
const KEEP_ALIVE_MS = 60_000

/** A broker as KafkaJS 2.2.4 can read it, which takes what stands before the first colon for the host: "[::1]:9092". */
export function toReadable(broker: string): string {
  return broker.replace(/^\[(.+)\]/, (_whole, address: string) => `${address.replaceAll(':', '-')}${LITERAL}`)
}

/** Connects where KafkaJS says, or at the address that the name stands for. */
export function createSocket({ host: name, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const host = name.endsWith(LITERAL) ? name.slice(0, -LITERAL.length).replaceAll('-', ':') : name
  const socket = ssl
    ? tls.connect({ host, port, ...(net.isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect)
  return socket.setKeepAlive(true, KEEP_ALIVE_MS)
}
