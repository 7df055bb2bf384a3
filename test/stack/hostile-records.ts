import { randomUUID } from 'node:crypto'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import kafkajs, { type Message } from 'kafkajs'
import { anAlbum, encodeAlbum } from './scenario.ts'
import type { TestEnv } from './test-env.ts'

/** A record made to take the service down. */
export interface HostileRecord {
  name: string
  message: Message
  compression: kafkajs.CompressionTypes
}

const { GZIP, LZ4, None, Snappy, ZSTD } = kafkajs.CompressionTypes
const MEGABYTE = 1_048_576

/**
 * @param isRequest whether they are for a topic of requests, else for the importer's
 * @returns the records, and a maker of good ones for the same topic
 */
export async function hostileRecords(
  env: TestEnv,
  isRequest: boolean,
): Promise<{ hostile: HostileRecord[]; toGood(albumId: string): Promise<Message> }> {
  const registry = new SchemaRegistry({ host: env.SCHEMA_REGISTRY_URL })
  const imported = (await encodeAlbum(env, anAlbum('template'))).value as Buffer
  const template = await registry.decode(imported)
  const topic = isRequest ? env.TOPIC_ENRICHMENT : env.TOPIC_IMPORTED
  const schemaId = await registry.getLatestSchemaId(`${topic}-value`)
  const encode = (changes: object) => {
    const album = { ...template, albumId: 'hostile', ...changes }
    const stages = ['search', 'match', 'links', 'artwork']
    const request = { requestId: randomUUID(), reason: 'replay', stages, album, requestedAt: Date.now(), source: null }
    return registry.encode(schemaId, isRequest ? request : album)
  }
  const record = (name: string, value: Buffer, rest: Partial<HostileRecord> & Pick<Message, 'headers'> = {}) => {
    const { compression = None, headers } = rest
    return { name, compression, message: { key: name, value, ...(headers && { headers }) } }
  }
  const good = await encode({})
  const artist = { name: 'a', musicbrainzArtistId: null }
  const hostile = [
    record('2^30 items in 14 bytes', claimItems(good.subarray(0, 5), isRequest)),
    record('8,000 empty headers', good, {
      headers: Object.fromEntries(Array.from({ length: 8_000 }, (_, index) => [`${index}`, ''])),
    }),
    record('one header 8,000 times', good, { headers: { again: Array(8_000).fill('') } }),
    record('zstd bomb', Buffer.alloc(200 * MEGABYTE), { compression: ZSTD }),
    record('gzip bomb', Buffer.alloc(64 * MEGABYTE), { compression: GZIP }),
    record('lz4 bomb', Buffer.alloc(64 * MEGABYTE), { compression: LZ4 }),
    record('snappy bomb', Buffer.alloc(16 * MEGABYTE), { compression: Snappy }),
    record('3 million artists', await encode({ artists: Array(3_000_000).fill(artist) }), { compression: ZSTD }),
    record('95,000 ASINs', await encode({ asins: { 'www.amazon.ca': Array(95_000).fill('B000003TA4') } }), {
      compression: ZSTD,
    }),
    record('9,000 ASINs', await encode({ asins: { 'www.amazon.ca': Array(9_000).fill('B000003TA4') } })),
    record('title of 100 kB', await encode({ title: '('.repeat(100_000) })),
  ]
  return { hostile, toGood: async (albumId) => ({ key: albumId, value: await encode({ albumId }) }) }
}

/** A list that claims 2^30 items and has none: `artists` of an album, `stages` of a request. */
function claimItems(prefix: Buffer, isRequest: boolean): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([2 * value.length]), Buffer.from(value)])
  const before = isRequest ? [text(randomUUID()), Buffer.from([0])] : [text('1'), text('t')]
  return Buffer.concat([prefix, ...before, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x08])])
}
