import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readBounded, avroType as readerType, writerType } from '../../src/kafka/read-as.ts'
import { avroType } from '../stack/avro-type.ts'

interface Field {
  name: string
  type: unknown
  default?: unknown
}
interface RecordSchema {
  type: string
  name: string
  fields: Field[]
  [more: string]: unknown
}

const OURS = readFileSync(new URL('../../schemas/album.imported.avsc', import.meta.url), 'utf8')
const reader = readerType(OURS)
const ours = (): RecordSchema => JSON.parse(OURS)
const ARTIST = JSON.parse(OURS).fields[2].type.items as RecordSchema
const ALBUM = {
  albumId: '7',
  title: 'Kind of Blue',
  artists: [{ name: 'Miles Davis', musicbrainzArtistId: null }],
  releaseYear: 1959,
  barcodes: ['074646493526'],
  asins: { 'www.amazon.com': ['B000002ADT'] },
  musicbrainzReleaseGroupId: null,
  hasPrimaryImage: true,
  importedAt: 1_790_000_000_000,
  source: 'shop',
}
const list = (items: unknown) => ({ type: 'array', items })

/** Our schema with one field's type changed, and without its default. */
function withType(name: string, type: unknown): RecordSchema {
  const schema = ours()
  schema.fields = schema.fields.map((field) => (field.name === name ? { name, type } : field))
  return schema
}

function nullable(order: (type: unknown) => unknown[]): RecordSchema {
  const schema = ours()
  schema.fields = schema.fields.map(({ name, type }) => ({ name, type: Array.isArray(type) ? type : order(type) }))
  return schema
}

/** Written by one schema, read as ours. */
function read(schema: object, value: object): unknown {
  const text = JSON.stringify(schema)
  return readBounded(reader, writerType(text))(avroType(text).toBuffer(value))
}

/** Of unions that avsc cannot write by the values: their bytes, made of parts of other types. */
const bytesOf = (...parts: [type: unknown, value: unknown][]) =>
  Buffer.concat(parts.map(([type, value]) => avroType(JSON.stringify(type)).toBuffer(value)))

test.each<[string, RecordSchema]>([
  ['every field is null or its type', nullable((type) => ['null', type])],
  ['every field is its type or null', nullable((type) => [type, 'null'])],
  ['items are nullable too', withType('barcodes', ['null', list(['null', 'string'])])],
  ['values of maps are nullable too', withType('asins', { type: 'map', values: ['null', list(['string', 'null'])] })],
  ['records are nullable within a nullable list', withType('artists', ['null', list(['null', ARTIST])])],
  ['one branch of many fits', withType('releaseYear', ['null', 'string', { type: 'map', values: 'int' }, 'int'])],
  [
    'a record within has a name that its writer made up',
    withType('artists', ['null', list(['null', { ...ARTIST, name: 'AlbumImported_ARTISTS', namespace: 'ksql' }])]),
  ],
])('an album is read where %s', (_, schema) => {
  expect(read(schema, ALBUM)).toEqual(ALBUM)
})

test('of a union in a list each item is read as it was written, and the one that does not fit is named', () => {
  const schema = withType('artists', list([ARTIST, 'string']))
  schema.fields = schema.fields.filter(({ name }) => ['title', 'albumId', 'artists', 'importedAt'].includes(name))
  const bytes = (...branches: number[]) =>
    bytesOf(
      ['string', '7'],
      ['string', 'Kind of Blue'],
      ['long', branches.length],
      ...branches.flatMap((branch): [unknown, unknown][] => [
        ['long', branch],
        ['string', 'Miles Davis'],
        ...(branch === 0 ? ([['long', 0]] as [unknown, unknown][]) : []),
      ]),
      ['long', 0],
      ['long', ALBUM.importedAt],
    )
  const decode = readBounded(reader, writerType(JSON.stringify(schema)))
  const [artist] = ALBUM.artists
  expect(decode(bytes(0, 0))).toMatchObject({ artists: [artist, artist], source: '', asins: {} })
  expect(() => decode(bytes(0, 1))).toThrow('artists[]: string cannot be read as record album.enricher.Artist')
  expect(decode(bytes(0)), 'the next one').toMatchObject({ artists: [artist] })
  expect(() => decode(bytes(0, 2))).toThrow('artists[] names choice 2 of 2')
  expect(() => decode(bytes(0).subarray(0, -1))).toThrow('truncated')
  // A list that claims 2^30 items.
  const many = Buffer.concat([bytesOf(['string', '7'], ['string', 'x']), Buffer.from('8080808008', 'hex')])
  expect(() => decode(many)).toThrow('artists[] claims 1073741824 items')
})

test('null in a field of ours that takes none is its default, anew for each record', () => {
  const decode = (value: object) =>
    read(
      nullable((type) => ['null', type]),
      value,
    ) as typeof ALBUM
  const left = { releaseYear: null, barcodes: null, asins: null, hasPrimaryImage: null, source: null }
  const album = decode({ ...ALBUM, ...left })
  expect(album).toEqual({ ...ALBUM, releaseYear: null, barcodes: [], asins: {}, hasPrimaryImage: false, source: '' })
  album.barcodes.push('1')
  expect(decode({ ...ALBUM, ...left }).barcodes).toEqual([])
})

test.each([
  ['title', withType('title', ['null', 'string']), { title: null }],
  ['importedAt', withType('importedAt', 'null'), { importedAt: null }],
  ['artists', withType('artists', ['null', list(ARTIST)]), { artists: null }],
  [
    'artists[].name',
    withType('artists', list({ ...ARTIST, fields: [{ name: 'name', type: ['string', 'null'] }] })),
    { artists: [{ name: null }] },
  ],
  ['barcodes[]', withType('barcodes', list(['null', 'string'])), { barcodes: ['1', null] }],
  ['asins{}', withType('asins', { type: 'map', values: ['null', list('string')] }), { asins: { a: null } }],
])('null in %s, which has no default, is refused by name', (path, schema, changes) => {
  const message = `${path} is null, and has no default: publish it with a value`
  expect(() => read(schema, { ...ALBUM, ...changes })).toThrow(
    expect.objectContaining({ code: 'RECORD_INVALID', message }),
  )
})

test.each<[string, RecordSchema, object, string]>([
  ['a type', withType('albumId', 'long'), { albumId: 7 }, 'albumId: long cannot be read as string: publish it as that'],
  [
    'a branch',
    withType('releaseYear', ['null', 'long']),
    {},
    'releaseYear: long cannot be read as int: publish it as that',
  ],
  ['an item', withType('barcodes', list(['null', 'int'])), { barcodes: [1] }, 'barcodes[]: int cannot be read as'],
  [
    'the record',
    { ...ours(), name: 'AlbumDeleted' },
    {},
    'record album.enricher.AlbumDeleted cannot be read as record',
  ],
  [
    'a field that is missing',
    { ...ours(), fields: withType('source', ['null', 'string']).fields.filter(({ name }) => name !== 'title') },
    {},
    'title is not in the schema it was written with',
  ],
])('%s that does not fit is named with the field', (_, schema, changes, message) => {
  expect(() => read(schema, { ...ALBUM, ...changes })).toThrow(message)
})

test('of several records in a union the one with our name is read', () => {
  const alike = { ...ARTIST, name: 'Band' }
  const fields = [{ name: 'artist', type: ARTIST }]
  const owner = readerType(JSON.stringify({ type: 'record', name: 'R', fields }))
  const schema = {
    type: 'record',
    name: 'R',
    fields: [{ name: 'artist', type: [alike, { ...ARTIST, namespace: 'x' }] }],
  }
  const decode = readBounded(owner, writerType(JSON.stringify(schema)))
  const artist: [unknown, unknown] = [ARTIST, { name: 'Can', musicbrainzArtistId: null }]
  expect(decode(bytesOf(['long', 1], artist))).toMatchObject({ artist: { name: 'Can' } })
  expect(() => decode(bytesOf(['long', 0], artist))).toThrow('artist: record Band cannot be read as record Artist')
})

const withField = (field: object): RecordSchema => ({ ...ours(), fields: [...ours().fields, field as Field] })
const eachField = (more: object): RecordSchema => ({
  ...ours(),
  fields: ours().fields.map((field) => ({ ...field, ...more })),
})
const point = (more: object) => ({ type: 'record', name: 'Point', fields: [{ name: 'x', type: 'double', ...more }] })
const letter = (more: object) => ({ type: 'enum', name: 'Letter', symbols: ['A'], ...more })

test.each<[string, RecordSchema, RecordSchema, unknown]>([
  ['defaults of other types', eachField({ default: 7 }), ours(), null],
  [
    'null as the default of a text',
    withField({ name: 'extra', type: ['string', 'null'], default: null }),
    withField({ name: 'extra', type: ['string', 'null'] }),
    'x',
  ],
  [
    'a wrong default deep within',
    withField({ name: 'extra', type: list(point({ default: '0.0' })) }),
    withField({ name: 'extra', type: list(point({})) }),
    [{ x: 1 }],
  ],
  [
    'an enum whose default is no symbol',
    withField({ name: 'extra', type: letter({ default: 'B' }) }),
    withField({ name: 'extra', type: letter({}) }),
    'A',
  ],
  ['an order that there is not', eachField({ order: 'random' }), ours(), null],
  ['aliases that are no list', { ...ours(), aliases: 'Album' }, ours(), null],
  ['a type within a type', withType('title', { type: { type: 'string' } }), ours(), null],
  [
    'a union within a type',
    withType('title', { type: ['null', 'string'] }),
    withType('title', ['null', 'string']),
    null,
  ],
])('a schema of a writer with %s is read', (_, schema, written, extra) => {
  const bytes = avroType(JSON.stringify(written)).toBuffer({ ...ALBUM, extra })
  expect(readBounded(reader, writerType(JSON.stringify(schema)))(bytes)).toEqual(ALBUM)
})
