import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { expect, test } from 'vitest'
import { MOST_BATCH_BYTES } from '../../src/kafka/decoding-fault.ts'
import { inflateGzip, inflateLz4, inflateSnappy, inflateZstd } from '../../src/kafka/inflate.ts'
import { measureLz4 } from '../../src/kafka/measure-lz4.ts'

const CODECS = [
  ['gzip', gzipSync, inflateGzip],
  ['snappy', compressSync, inflateSnappy],
  ['lz4', compressFrameSync, inflateLz4],
  ['zstd', zstdCompressSync, inflateZstd],
] as const

test.each(CODECS)('%s inflates what a batch may have, and not a byte more', async (_, compress, inflate) => {
  expect((await inflate(compress(Buffer.alloc(MOST_BATCH_BYTES)))).length).toBe(MOST_BATCH_BYTES)
  await expect(inflate(compress(Buffer.alloc(MOST_BATCH_BYTES + 1)))).rejects.toThrow(
    'inflates to more than 33554432 bytes',
  )
})

test("snappy's word for its length is not taken", async () => {
  const lie = Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), Buffer.from('x')])
  await expect(inflateSnappy(lie)).rejects.toThrow('inflates to more than')
})

test('lz4 is measured without inflating it', () => {
  const texts = ['', 'a', 'Kind of Blue', 'ab'.repeat(500_000), Array.from({ length: 50_000 }, (_, i) => i * i).join()]
  for (const text of texts) expect(measureLz4(compressFrameSync(Buffer.from(text)), 1e9)).toBe(Buffer.byteLength(text))
  expect(measureLz4(compressFrameSync(Buffer.alloc(20_000_000)), 1_000_000)).toBeGreaterThan(1_000_000)
  expect(() => measureLz4(Buffer.from('no frame at all'), 1e9)).toThrow('no LZ4 frame')
})
