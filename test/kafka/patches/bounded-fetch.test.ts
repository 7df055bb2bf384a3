import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { boundFetches } from '../../../src/kafka/patches/bounded-fetch.ts'
import type { FetchedMessage } from '../../../src/kafka/read-record-batch.ts'

const HEAD_BYTES = 61
const FIRST_OFFSET = 40n
const LAST_OFFSET_DELTA = 4

boundFetches()
const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder')
const decodeMessages: (
  decoder: object,
) => Promise<FetchedMessage[]> = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages')
const Batch = require('kafkajs/src/consumer/batch')

/** As compaction leaves it: the head, and no record. */
function emptyBatch(): Buffer {
  const batch = Buffer.alloc(HEAD_BYTES)
  batch.writeBigInt64BE(FIRST_OFFSET, 0)
  batch.writeInt32BE(HEAD_BYTES - 12, 8)
  batch.writeInt8(2, 16)
  batch.writeInt32BE(LAST_OFFSET_DELTA, 23)
  return batch
}

function answerOf(...batches: Buffer[]): object {
  const bytes = Buffer.concat(batches)
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return new Decoder(Buffer.concat([size, bytes]))
}

test('a consumer comes past a batch that compaction has emptied, also where the answer holds nothing else', async () => {
  const cutOff = emptyBatch().subarray(0, 20)
  const messages = await decodeMessages(answerOf(emptyBatch(), cutOff))
  const batch = new Batch('topic', String(FIRST_OFFSET), { partition: 0, highWatermark: '1000', messages })
  expect(batch.messages).toEqual([])
  expect(batch.isEmptyDueToFiltering()).toBe(true)
  expect(batch.lastOffset()).toBe(String(FIRST_OFFSET + BigInt(LAST_OFFSET_DELTA)))
})
