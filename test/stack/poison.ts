import { randomBytes, randomUUID } from 'node:crypto'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import fc from 'fast-check'
import type { IHeaders, Message } from 'kafkajs'
import { NULL_HEADER } from '../../src/kafka/patches/null-headers.ts'
import { anAlbum, encodeAlbum } from './scenario.ts'
import type { TestEnv } from './test-env.ts'

/** Where a record may be put: the importer's topic, or one of those that only the service writes to. */
export type Place = 'imported' | 'enrichment' | 'express' | 'first retry' | 'second retry'

/** A record as it may come from anywhere, told so that a failing one can be read. */
export interface PoisonPlan {
  place: Place
  body: Body
  key: 'own' | 'null' | 'bytes'
  headers: HostileHeaders
}

type Body =
  | { kind: 'good' | 'no value' | 'other subject' | 'truncated' | '1,048,000 bytes' | '5 MB' }
  | { kind: 'unknown schema'; id: number }
  | { kind: 'bytes'; bytes: number[] }
  | { kind: 'mutated'; at: number; byte: number }
  | { kind: 'absurd'; what: keyof typeof ABSURD; number: number }

type HostileHeaders = 'none' | 'lies' | 'nulls' | 'repeated' | 'many' | 'huge'

const LIES: IHeaders = {
  'enricher-run': '7',
  'enricher-attempt': '999999999',
  'enricher-first-failed-at': '1970-01-01T00:00:00.000Z',
  'enricher-not-before': '9999-12-31T23:59:59.999Z',
  'enricher-original-topic': '../../etc/passwd',
  'enricher-original-partition': '-1',
  'enricher-original-offset': '99999999999999999999',
  'enricher-request-id': 'nobody',
  'enricher-history': '[{"message":',
  'enricher-error-code': 'NO_SUCH_CODE',
}

const HEADERS: Record<HostileHeaders, () => IHeaders> = {
  none: () => ({}),
  lies: () => LIES,
  nulls: () => Object.fromEntries(Object.keys(LIES).map((name) => [name, NULL_HEADER])),
  repeated: () => Object.fromEntries(Object.entries(LIES).map(([name, value]) => [name, [String(value), '1', '']])),
  many: () => Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`h${index}`, String(index)])),
  huge: () => ({ 'enricher-error-message': randomBytes(150_000).toString('base64'), constructor: 'toString' }),
}

/** Requests that the schema allows and nobody in his senses would send. */
const ABSURD = {
  'requestId no UUID': (request: Request) => ({ ...request, requestId: 'nobody' }),
  'requestId empty': (request: Request) => ({ ...request, requestId: '' }),
  'times before all calendars': (request: Request, number: number) => withTimes(request, -number),
  'times after all calendars': (request: Request, number: number) => withTimes(request, number),
  'no stages': (request: Request) => ({ ...request, stages: [] }),
  'artwork of an unknown album': (request: Request) => ({ ...request, stages: ['artwork'] }),
  'the same stage often': (request: Request) => ({ ...request, stages: Array(50).fill('links') }),
  'blank title': (request: Request) => withAlbum(request, { title: ' \t ' }),
  'NUL in the title': (request: Request) => withAlbum(request, { title: 'Never\0mind' }),
  // Replaced in the bytes: no JavaScript text that is encoded can hold one.
  'lone surrogate in the title': (request: Request) => withAlbum(request, { title: SURROGATE }),
  'albumId of 10,000 letters': (request: Request) =>
    withAlbum(request, { albumId: randomBytes(5_000).toString('hex') }),
  'nobody credited': (request: Request) => withAlbum(request, { artists: [] }),
  'release year': (request: Request, number: number) => withAlbum(request, { releaseYear: (number % 2 ** 31) | 0 }),
  'barcodes of letters': (request: Request) => withAlbum(request, { barcodes: ['', 'x'.repeat(500), '\uffff'] }),
  'asins of nowhere': (request: Request) => withAlbum(request, { asins: { '': [''], __proto__: ['B000000001'] } }),
  'source at a negative offset': (request: Request, number: number) => ({
    ...request,
    source: { topic: '', partition: -1, offset: -number },
  }),
}
const SURROGATE = 'surrogate: ***'
const SURROGATE_BYTES = Buffer.concat([Buffer.from('surrogate: '), Buffer.from([0xed, 0xa0, 0x80])])

// biome-ignore lint/suspicious/noExplicitAny: what the schema allows, and fields of every type
type Request = any
const withAlbum = (request: Request, changes: object) => ({ ...request, album: { ...request.album, ...changes } })
const withTimes = (request: Request, time: number) => ({
  ...withAlbum(request, { importedAt: time }),
  requestedAt: time,
})

const place = fc.constantFrom<Place>('imported', 'enrichment', 'express', 'first retry', 'second retry')
const body = fc.oneof(
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('bytes' as const), bytes: fc.array(fc.nat(255)) }) },
  { weight: 12, arbitrary: fc.constant({ kind: 'truncated' as const }) },
  { weight: 10, arbitrary: fc.constant({ kind: 'other subject' as const }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('unknown schema' as const), id: fc.nat(2 ** 31 - 1) }) },
  { weight: 8, arbitrary: fc.constant({ kind: 'no value' as const }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('absurd' as const),
      what: fc.constantFrom(...(Object.keys(ABSURD) as (keyof typeof ABSURD)[])),
      number: fc.oneof(fc.nat(), fc.constantFrom(8.64e15, 8.64e15 + 1, 2 ** 53 - 5, 62_135_596_800_001)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('mutated' as const), at: fc.nat(400), byte: fc.nat(255) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: '1,048,000 bytes' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: '5 MB' as const }) },
)

/** Any record of these, at any place. */
export const poison: fc.Arbitrary<PoisonPlan> = fc.record({
  place,
  body,
  key: fc.oneof(
    { weight: 8, arbitrary: fc.constant('own' as const) },
    { weight: 1, arbitrary: fc.constant('null' as const) },
    { weight: 1, arbitrary: fc.constant('bytes' as const) },
  ),
  headers: fc.oneof(
    { weight: 20, arbitrary: fc.constant('none' as const) },
    { weight: 5, arbitrary: fc.constantFrom<HostileHeaders>('lies', 'nulls', 'repeated') },
    { weight: 1, arbitrary: fc.constantFrom<HostileHeaders>('many', 'huge') },
  ),
})

/** A record that must have its result, wherever it is put. */
export const good: fc.Arbitrary<PoisonPlan> = fc.record({
  place,
  body: fc.constant({ kind: 'good' as const }),
  key: fc.constant('own' as const),
  headers: fc.constant('none' as const),
})

/** A foreign header that every record bears, and that goes with it wherever it goes. */
export const ID_HEADER = 'test-id'

/** Makes messages of plans. Each has an identity: in ID_HEADER, and where that might be left out in its key. */
export async function createBrewer(env: TestEnv): Promise<(plan: PoisonPlan, id: string) => Promise<Message>> {
  const registry = new SchemaRegistry({ host: env.SCHEMA_REGISTRY_URL })
  const requestSchema = await registry.getLatestSchemaId(`${env.TOPIC_ENRICHMENT}-value`)
  const resultSchema = await registry.getLatestSchemaId(`${env.TOPIC_ENRICHED}-value`)
  const imported = await encodeAlbum(env, anAlbum('template'))
  const template = await registry.decode(imported.value as Buffer)

  const requestOf = (id: string): Request => ({
    requestId: randomUUID(),
    reason: 'replay',
    stages: ['search', 'match', 'links', 'artwork'],
    album: { ...template, albumId: id },
    requestedAt: Date.now(),
    source: null,
  })
  const encodeFor = async (at: Place, request: Request) => {
    if (at !== 'imported') return registry.encode(requestSchema, request)
    return registry.encode((imported.value as Buffer).readUInt32BE(1), request.album)
  }
  const toValue = async ({ place: at, body: it }: PoisonPlan, id: string): Promise<Buffer | null> => {
    const honest = await encodeFor(at, requestOf(id))
    switch (it.kind) {
      case 'good':
        return honest
      case 'no value':
        return null
      case 'bytes':
        return Buffer.from(it.bytes)
      case 'truncated':
        return honest.subarray(0, honest.length - 3)
      case 'other subject':
        return Buffer.concat([Buffer.from([0]), toInt32(resultSchema), honest.subarray(5)])
      case 'unknown schema':
        return Buffer.concat([Buffer.from([0]), toInt32(it.id), honest.subarray(5)])
      case 'mutated':
        honest[it.at % honest.length] = it.byte
        return honest
      case '1,048,000 bytes':
        return randomBytes(1_048_000 - 400)
      case '5 MB':
        return Buffer.alloc(5_000_000, '.')
      case 'absurd': {
        const value = await encodeFor(at, ABSURD[it.what](requestOf(id), it.number))
        const found = value.indexOf(SURROGATE)
        if (found !== -1) SURROGATE_BYTES.copy(value, found)
        return value
      }
    }
  }
  return async (plan, id) => {
    const keys = { own: id, null: null, bytes: Buffer.concat([Buffer.from([0xff, 0x00]), randomBytes(8)]) }
    // A record that is as large as the topic takes has no room for more.
    const hostile = plan.body.kind === '1,048,000 bytes' ? 'none' : plan.headers
    const headers = { ...HEADERS[hostile](), [ID_HEADER]: id }
    // Of hostile headers a pointer keeps none, so such a record needs its key.
    const key = hostile === 'huge' ? id : keys[plan.key]
    return { key, value: await toValue(plan, id), headers }
  }
}

function toInt32(id: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(id)
  return bytes
}
