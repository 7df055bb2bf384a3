import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, inject, test } from 'vitest'
import { readProduct } from '../../src/amazon/read-product.ts'
import { checkAlbum } from '../../src/enrich/check-album.ts'
import type { AlbumImported } from '../../src/events.ts'
import { installCodecs } from '../../src/kafka/codecs.ts'
import { toRecordHeaders } from '../../src/kafka/delivery.ts'
import { boundFetches } from '../../src/kafka/patches/bounded-fetch.ts'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'
import { readRetryHeaders } from '../../src/retry/retry-headers.ts'
import { FUZZ_TIMEOUT_MS, fuzz, mutate, mutations, texts } from '../stack/fuzz.ts'

const few = <T>(items: fc.Arbitrary<T>) => fc.array(items, { maxLength: 5 })
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })

const albums: fc.Arbitrary<AlbumImported> = fc.record({
  albumId: texts,
  title: texts,
  artists: fc.oneof(
    few(fc.record({ name: texts, musicbrainzArtistId: optional(texts) })),
    fc.constant(Array(200_000).fill({ name: 'a', musicbrainzArtistId: null })),
  ),
  releaseYear: optional(fc.integer()),
  barcodes: few(texts),
  asins: fc.dictionary(texts, few(texts), { maxKeys: 5 }),
  musicbrainzReleaseGroupId: optional(texts),
  hasPrimaryImage: fc.boolean(),
  importedAt: fc.oneof(fc.maxSafeInteger(), fc.constant(Date.now())),
  source: texts,
})

test('decode', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  const registry = new SchemaRegistry(inject('registryUrl'))
  const subject = `${randomUUID()}-value`
  const schema = readFileSync(new URL('../../schemas/album.imported.avsc', import.meta.url), 'utf8')
  await registry.register(subject, schema)
  const codec = await registry.openCodec<AlbumImported>(subject, schema)
  const album: AlbumImported = {
    albumId: '1',
    title: 'Nevermind',
    artists: [{ name: 'Nirvana', musicbrainzArtistId: randomUUID() }],
    releaseYear: 1991,
    barcodes: ['0720642442524'],
    asins: { 'www.amazon.com': ['B000003TA4'] },
    musicbrainzReleaseGroupId: null,
    hasPrimaryImage: false,
    importedAt: Date.now(),
    source: 'fuzz',
  }
  // As ksqlDB and Spark write it: what avsc does not read is read by ourselves.
  const nullable = JSON.parse(schema)
  for (const field of nullable.fields) if (!Array.isArray(field.type)) field.type = ['null', field.type]
  for (const field of nullable.fields) field.default = null
  const theirs = `${randomUUID()}-value`
  await registry.register(theirs, JSON.stringify(nullable))
  const writers = [codec, await registry.openCodec<AlbumImported>(theirs, JSON.stringify(nullable))]
  const goods = await Promise.all(writers.map((writer) => writer.encode(album)))
  for (const good of goods) expect(await codec.decode(good)).toEqual(album)
  const values = fc.oneof(
    ...goods.flatMap((good) => {
      const [head, body] = [good.subarray(0, 5), good.subarray(5)]
      return [
        mutations.map((changes) => Buffer.concat([head, mutate(body, changes)])),
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([head, bytes])),
      ]
    }),
  )
  await fuzz('decode', values, (value) => codec.decode(value))
})

test('headers, and the batches that bring them', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  installCodecs()
  boundFetches()
  const require = createRequire(import.meta.url)
  const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages')
  const Decoder = require('kafkajs/src/protocol/decoder')
  const crc32C = require('kafkajs/src/protocol/recordBatch/crc32C')
  const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0')
  const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0')

  // Short, or the writing of them by KafkaJS takes all the time.
  const short = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('__proto__', 'constructor', 'enricher-run'))
  const headers = fc.dictionary(short, fc.oneof(short, few(short)), { maxKeys: 20 })
  const inputs = fc.record({
    headers,
    count: fc.constantFrom(1, 2, 10),
    changes: mutations,
    isCompressed: fc.boolean(),
  })
  let opened = 0
  await fuzz('headers', inputs, async ({ headers, count, changes, isCompressed }) => {
    const records = Array.from({ length: count }, (_, offsetDelta) =>
      encodeRecord({ key: 'k', value: 'v', headers, offsetDelta, timestampDelta: 0 }),
    )
    const shape = { compression: 0, firstTimestamp: 0, maxTimestamp: 0, lastOffsetDelta: count - 1, records }
    const whole: Buffer = (await RecordBatch(shape)).buffer
    const [head, body] = [Buffer.from(whole.subarray(0, 61)), mutate(whole.subarray(61), changes)]
    if (isCompressed) head.writeInt16BE(1, 21)
    const batch = Buffer.concat([head, isCompressed ? gzipSync(body) : body])
    batch.writeInt32BE(batch.length - 12, 8)
    batch.writeUInt32BE(crc32C(batch.subarray(21)), 17)
    const size = Buffer.alloc(4)
    size.writeInt32BE(batch.length)
    const messages = await decodeMessages(new Decoder(Buffer.concat([size, batch])))
    expect(messages.length).toBeGreaterThan(0)
    for (const message of messages) readRetryHeaders(toRecordHeaders(message.headers))
    if (messages.length === count) opened += 1
  })
  expect(opened).toBeGreaterThan(0)
})

test('check-album', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  await fuzz('check-album', albums, (album) => checkAlbum(album))
})

test('read-product', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  const value = fc.record({ displayValue: fc.oneof(texts, fc.anything()) }, { requiredKeys: [] })
  const values = fc.record({ displayValues: fc.oneof(few(texts), fc.anything()) }, { requiredKeys: [] })
  const image = fc.record({ url: fc.oneof(texts, fc.webUrl()), width: fc.anything(), height: fc.double() })
  const money = fc.record({
    amount: fc.oneof(fc.double(), fc.anything()),
    currency: fc.oneof(texts, fc.constant('EUR')),
  })
  const itemInfo = fc.record(
    {
      title: value,
      byLineInfo: fc.record({ contributors: few(fc.record({ name: texts, role: fc.anything() })), brand: value }),
      externalIds: fc.record({ eans: values, upcs: values }),
      features: values,
      productInfo: fc.record({ releaseDate: value }),
      technicalInfo: fc.record({ formats: values }),
    },
    { requiredKeys: [] },
  )
  const items = fc.oneof(
    fc.anything(),
    fc.record(
      {
        asin: fc.oneof(texts, fc.constant('B000003TA4')),
        detailPageURL: fc.oneof(texts, fc.webUrl()),
        images: fc.record({ primary: fc.record({ large: image, small: fc.anything() }) }),
        itemInfo,
        offersV2: fc.record({ listings: few(fc.record({ price: fc.record({ money }), condition: fc.anything() })) }),
        browseNodeInfo: fc.record({ websiteSalesRank: fc.record({ salesRank: fc.anything() }) }),
      },
      { requiredKeys: [] },
    ),
  )
  const context = { fetchedAt: Date.now(), productPage: (asin: string) => `https://www.amazon.com/dp/${asin}` }
  await fuzz('read-product', items, (item) => readProduct(item, context))
})
