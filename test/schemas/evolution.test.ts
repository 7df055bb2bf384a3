import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, inject, test } from 'vitest'
import { readBounded, avroType as readerType } from '../../src/kafka/read-as.ts'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'
import { avroType } from '../stack/avro-type.ts'

/**
 * What README promises the readers of album.enriched. `published` holds each version whose fields or symbols differ from the
 * one before, without docs; a release with others adds its own.
 */
const schemas = new URL('../../schemas/', import.meta.url)
const published = new URL('published/', import.meta.url)
const NOW = readFileSync(new URL('album.enriched.avsc', schemas), 'utf8')
const [EXAMPLE] = JSON.parse(readFileSync(new URL('examples/album.enriched.valid.json', schemas), 'utf8'))

type Schema = string | Schema[] | ComplexSchema
interface ComplexSchema {
  type: Schema
  name?: string
  default?: unknown
  fields?: Field[]
  items?: Schema
  symbols?: string[]
  logicalType?: string
}
interface Field {
  name: string
  type: Schema
  default?: unknown
}

const parse = (text: string): ComplexSchema & { fields: Field[] } => JSON.parse(text)

/** What of a schema its readers have lost since another version, or could not read; empty: nothing. */
function findBreaks(before: Schema, after: Schema, path = ''): string[] {
  if (typeof before === 'string' || typeof after === 'string')
    return before === after ? [] : [`${path} has another type`]
  if (Array.isArray(before) || Array.isArray(after)) {
    if (!Array.isArray(before) || !Array.isArray(after) || before.length !== after.length)
      return [`${path} has another type`]
    return before.flatMap((branch, index) => findBreaks(branch, after[index] ?? 'null', path))
  }
  const { fields: ours = [], symbols = [] } = before
  const { fields: theirs = [], symbols: grown = [] } = after
  const isSame = (['name', 'logicalType', 'default'] as const).every((part) => before[part] === after[part])
  const added = theirs.filter(({ name }) => !ours.some((field) => field.name === name))
  return [
    ...(isSame ? [] : [`${path} has another type`]),
    ...findBreaks(before.type, after.type, path),
    ...(before.items && after.items ? findBreaks(before.items, after.items, `${path}[]`) : []),
    ...symbols.filter((symbol) => !grown.includes(symbol)).map((symbol) => `${path} has no ${symbol}`),
    ...added.filter((field) => !('default' in field)).map(({ name }) => `${path}.${name} has no default`),
    ...ours.flatMap(({ name, type, default: fallback }) => {
      const field = theirs.find((one) => one.name === name)
      if (field === undefined) return [`${path}.${name} is gone`]
      const isKept = JSON.stringify(field.default) === JSON.stringify(fallback)
      return [
        ...(isKept ? [] : [`${path}.${name} has another default`]),
        ...findBreaks(type, field.type, `${path}.${name}`),
      ]
    }),
  ]
}

/** Written by one schema, read by another as generated classes do. */
const read = (writer: string, reader: string, value: object) =>
  readBounded(readerType(reader), readerType(writer))(avroType(writer).toBuffer(value))

/** The schema with a field added, and a symbol in each of its enums. */
function grow(text: string): string {
  const schema = parse(text.replaceAll('"symbols": [', '"symbols": ["brand_new", '))
  schema.fields.push({ name: 'brandNew', type: ['null', 'string'], default: null })
  return JSON.stringify(schema)
}

describe.each(readdirSync(published))('%s', (file) => {
  const before = readFileSync(new URL(file, published), 'utf8')

  test('has lost nothing since, and what was added has a default', () => {
    expect(findBreaks(parse(before), parse(NOW))).toEqual([])
  })

  test('reads what is written now, and is read now, by the registry as FULL_TRANSITIVE', async () => {
    const url = inject('registryUrl')
    const registry = new SchemaRegistry(url)
    const subject = `${randomUUID()}-value`
    await registry.register(subject, before)
    const set = await fetch(`${url}/config/${subject}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ compatibility: 'FULL_TRANSITIVE' }),
    })
    expect(set.status).toBe(200)
    await registry.register(subject, NOW)
    await registry.register(subject, grow(NOW))
    const required = parse(NOW)
    required.fields = required.fields.filter(({ name }) => name !== 'title')
    await expect(registry.register(subject, JSON.stringify(required))).rejects.toMatchObject({
      code: 'SCHEMA_NOT_REGISTERED',
    })
  })

  test('reads a record of now as it was, and the other way round with defaults', () => {
    const names = parse(before).fields.map(({ name }) => name)
    const known = Object.fromEntries(names.map((name) => [name, EXAMPLE[name]]))
    expect(read(NOW, before, EXAMPLE)).toMatchObject(known)
    expect(read(before, NOW, known)).toMatchObject(known)
  })

  test('reads a symbol that it does not know as the default of its enum', () => {
    const artwork = { ...EXAMPLE.artwork, status: 'brand_new' }
    const links = [{ ...EXAMPLE.links[0], decidedBy: 'brand_new' }]
    const grown = { ...EXAMPLE, brandNew: 'text', outcome: 'brand_new', reason: 'brand_new', artwork, links }
    expect(read(grow(NOW), before, grown)).toMatchObject({
      ...{ outcome: 'needs_review', reason: 'replay', artwork: { status: 'none' }, links: [{ decidedBy: 'rules' }] },
      albumId: EXAMPLE.albumId,
    })
  })
})

test.each<[string, string, (text: string) => string]>([
  [
    'a field with a default is taken away',
    '.links is gone',
    (text) => text.replace('"name": "links"', '"name": "urls"'),
  ],
  [
    'a field is added without one',
    '.artwork.size has no default',
    (text) => text.replace('{ "name": "key"', '{ "name": "size", "type": "int" }, { "name": "key"'),
  ],
  [
    'a default changes',
    '.run has another default',
    (text) => text.replace('"int", "default": 1', '"int", "default": 2'),
  ],
  ['an enum loses a symbol', '.outcome has no not_found', (text) => text.replace(', "not_found"', '')],
  [
    "an enum's default changes",
    '.artwork.status has another type',
    (text) => text.replace('"default": "none"', '"default": "kept"'),
  ],
  [
    'a type changes',
    '.links[].score has another type',
    (text) => text.replace('["null", "double"]', '["null", "float"]'),
  ],
])('a version in which %s is told', (_, told, change) => {
  expect(findBreaks(parse(NOW), parse(NOW))).toEqual([])
  expect(findBreaks(parse(NOW), parse(change(NOW)))).toContain(told)
})
