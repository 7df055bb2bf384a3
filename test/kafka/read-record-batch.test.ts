import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { MOST_BATCH_RECORDS, MOST_VALUE_BYTES } from '../../src/kafka/decoding-fault.ts'
import { readBatchHead, readRecords } from '../../src/kafka/read-record-batch.ts'

const require = createRequire(import.meta.url)
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0')
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0')
const Decoder = require('kafkajs/src/protocol/decoder')
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder')

interface Sent {
  key?: string | null
  value: Buffer | string | null
  headers?: Record<string, unknown>
}

const FIRST = { firstTimestamp: 1_700_000_000_000, maxTimestamp: 1_700_000_000_500 }

/** A batch as KafkaJS's producers write it; it keeps no first offset, which brokers write. */
async function encode(messages: Sent[]): Promise<Buffer> {
  const records = messages.map(({ key = null, value, headers = {} }, offsetDelta) =>
    encodeRecord({ key, value, headers, offsetDelta, timestampDelta: offsetDelta }),
  )
  const encoder = await RecordBatch({ ...FIRST, compression: 0, lastOffsetDelta: messages.length - 1, records })
  return encoder.buffer
}

const read = (batch: Buffer) => {
  const { records, count, context } = readBatchHead(batch)
  return readRecords(records, count, context)
}

test('records are read as KafkaJS reads them', async () => {
  const batch = await encode([
    { key: 'k', value: 'v', headers: { one: 'a', twice: ['b', 'c', 'd'], empty: '' } },
    { value: null },
    { key: '', value: Buffer.alloc(70_000, 'x') },
  ])
  const { records } = await decodeBatch(new Decoder(batch))
  expect(read(batch).map((message) => ({ ...message, headers: { ...message.headers } }))).toEqual(
    records.map((record: { batchContext: object }) => record),
  )
})

test('a name that every object has is a name like others', async () => {
  const [message] = read(await encode([{ value: 'v', headers: { constructor: 'a', toString: ['b', 'c'] } }]))
  expect({ ...message?.headers }).toEqual({
    constructor: Buffer.from('a'),
    toString: [Buffer.from('b'), Buffer.from('c')],
  })
})

test('100,000 records of nothing, and a record of 2,000 headers, take no long time', async () => {
  const headers = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`h${index}`, '']))
  const batches = [await encode(Array(MOST_BATCH_RECORDS).fill({ value: '' })), await encode([{ value: '', headers }])]
  const from = performance.now()
  expect(batches.map((batch) => read(batch).length)).toEqual([MOST_BATCH_RECORDS, 1])
  expect(performance.now() - from).toBeLessThan(10_000)
})

test('what is beyond the bounds comes as far as it is harmless, with the reason', async () => {
  const names = Object.fromEntries(Array.from({ length: 8_000 }, (_, index) => [`${index}`, '']))
  const batch = await encode([
    { key: 'many', value: 'v', headers: names },
    { key: 'large', value: 'v', headers: { h: Buffer.alloc(1_100_000) } },
    { key: 'value', value: Buffer.alloc(MOST_VALUE_BYTES + 1) },
    { key: 'good', value: 'v' },
  ])
  expect(
    read(batch).map(({ key, headers, fault }) => [String(key), Object.keys(headers).length, fault?.error]),
  ).toEqual([
    ['many', 0, tooLarge(/has 8000 headers, and 2000 are read/)],
    ['large', 0, tooLarge(/headers have 11000\d\d bytes/)],
    ['value', 0, tooLarge(/value has 8388609 bytes/)],
    ['good', 0, undefined],
  ])
})

const tooLarge = (message: RegExp) =>
  expect.objectContaining({ code: 'RECORD_TOO_LARGE', message: expect.stringMatching(message) })

test('a batch that lies about what it has is refused, wherever it is cut or changed', async () => {
  const good = await encode([{ key: 'k', value: 'v', headers: { one: 'a', two: 'b' } }, { value: 'w' }])
  for (let end = 61; end < good.length; end += 1) expect(() => read(good.subarray(0, end))).toThrow(RangeError)
  for (const count of [3, -1, 2 ** 31 - 1]) {
    const lying = Buffer.from(good)
    lying.writeInt32BE(count, 57)
    expect(() => read(lying)).toThrow(RangeError)
  }
  for (let at = 61; at < good.length; at += 1) {
    for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      const changed = Buffer.from(good)
      changed[at] = byte
      try {
        read(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }
  }
})
