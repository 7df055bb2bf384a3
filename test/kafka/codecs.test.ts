import { randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import { compress as compressSnappy } from 'snappy'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { installCodecs } from '../../src/kafka/codecs.ts'

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs
installCodecs()

const CODECS = [
  ['gzip', CompressionTypes.GZIP],
  ['snappy', CompressionTypes.Snappy],
  ['lz4', CompressionTypes.LZ4],
  ['zstd', CompressionTypes.ZSTD],
] as const

/** Larger than the blocks of every format (32 and 64 kB), so that several blocks are put together. */
const VALUES = [
  'Kind of Blue',
  'Björk – Début 🎵',
  '{"albumId":"1"}'.repeat(20_000),
  Array.from({ length: 20_000 }, randomUUID).join(''),
]

describe.each(CODECS)('%s', (name, type) => {
  const kafka = new Kafka({ brokers: inject('kafkaBrokers').split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  const producer = kafka.producer()
  const original = CompressionCodecs[type]
  let compressed = 0
  let decompressed = 0

  beforeAll(async () => {
    await Promise.all([admin.connect(), producer.connect()])
    const codec = original()
    CompressionCodecs[type] = () => ({
      compress: (encoder: unknown) => {
        compressed++
        return codec.compress(encoder)
      },
      decompress: (bytes: Buffer) => {
        decompressed++
        return codec.decompress(bytes)
      },
    })
  })
  afterAll(async () => {
    CompressionCodecs[type] = original
    await Promise.all([admin.disconnect(), producer.disconnect()])
  })

  /** @param brokersCodec in which the broker, which is Java, writes the topic whatever it was given */
  async function sendAndRead(
    brokersCodec: string,
    compression: kafkajs.CompressionTypes,
  ): Promise<(string | undefined)[]> {
    const topic = `codec-${name}-${randomUUID().slice(0, 8)}`
    const configEntries = [{ name: 'compression.type', value: brokersCodec }]
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true })
    await producer.send({ topic, compression, messages: VALUES.map((value) => ({ value })) })

    const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const seen: (string | undefined)[] = []
    try {
      await new Promise<void>((done, fail) => {
        consumer.on('consumer.crash', ({ payload }) => {
          // Of a broker that is still starting, KafkaJS recovers by itself.
          if (!payload.restart) fail(payload.error)
        })
        const eachMessage = async ({ message }: kafkajs.EachMessagePayload) => {
          if (seen.push(message.value?.toString()) === VALUES.length) done()
        }
        consumer.run({ autoCommit: false, eachMessage }).catch(fail)
      })
    } finally {
      await consumer.disconnect()
    }
    return seen
  }

  test('reads what the Java broker compressed', async () => {
    decompressed = 0
    expect(await sendAndRead(name, CompressionTypes.None)).toEqual(VALUES)
    expect(decompressed).toBeGreaterThan(0)
  })

  test('writes what the Java broker can decompress', async () => {
    compressed = 0
    decompressed = 0
    expect(await sendAndRead('uncompressed', type)).toEqual(VALUES)
    expect([compressed > 0, decompressed]).toEqual([true, 0])
  })

  test('reads what it wrote', async () => {
    expect(await sendAndRead('producer', type)).toEqual(VALUES)
  })

  test('refuses bytes that are cut off', async () => {
    const codec = original()
    const whole = await codec.compress({ buffer: Buffer.from(VALUES.join()) })
    expect((await codec.decompress(whole)).toString()).toBe(VALUES.join())
    await expect(codec.decompress(whole.subarray(0, whole.length - 100))).rejects.toThrow()
  })
})

describe("snappy-java's stream of blocks", () => {
  const { decompress } = CompressionCodecs[CompressionTypes.Snappy]()
  const stream = async (...texts: string[]) => {
    const parts: Buffer[] = [Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex')]
    for (const text of texts) {
      const block = await compressSnappy(text)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(block.length)
      parts.push(length, block)
    }
    return Buffer.concat(parts)
  }

  test('is put together again', async () => {
    expect((await decompress(await stream('Kind of ', 'Blue'))).toString()).toBe('Kind of Blue')
    expect((await decompress(await stream())).length).toBe(0)
  })

  test('is refused when it is cut off in a block or in a length', async () => {
    const whole = await stream('Kind of ', 'Blue')
    await expect(decompress(whole.subarray(0, -1))).rejects.toThrow('in the middle of a block')
    await expect(decompress(Buffer.concat([whole, Buffer.alloc(2)]))).rejects.toThrow()
  })
})
