import type { EachBatchPayload } from 'kafkajs'
import type { DecodingFault } from './decoding-fault.ts'
import { type Delivery, toRecordHeaders } from './delivery.ts'

/** What a batch brings, with what to commit after each record: where the next one stands, markers skipped. */
export function toDeliveries(batch: EachBatchPayload['batch']): Delivery[] {
  const { topic, partition, messages } = batch
  const end = BigInt(batch.lastOffset()) + 1n
  return messages.map((message, index) => {
    const next = messages[index + 1]
    const { fault } = message as { fault?: DecodingFault }
    return {
      topic,
      partition,
      offset: BigInt(message.offset),
      nextOffset: next === undefined ? end : BigInt(next.offset),
      timestamp: Number(message.timestamp),
      key: message.key,
      value: message.value,
      headers: toRecordHeaders(message.headers),
      ...(fault && { fault }),
    }
  })
}
