import type { Delivery } from '../../src/kafka/delivery.ts'

/** A request as the lane delivers it; its value is for a codec that does not look at it. */
export function aDelivery(headers: Delivery['headers'] = {}): Delivery {
  return {
    topic: 'album.enrichment',
    partition: 0,
    offset: 1n,
    nextOffset: 2n,
    timestamp: 0,
    key: Buffer.from('1'),
    value: Buffer.from('request'),
    headers,
  }
}
