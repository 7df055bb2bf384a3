import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, inject, test } from 'vitest'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'

const read = (file: string) => readFileSync(new URL(`../../schemas/${file}`, import.meta.url), 'utf8')

interface Field {
  name: string
  doc?: string
  type: unknown
}

/** Every field of a schema, those of nested records too. */
function fieldsOf(schema: unknown): Field[] {
  if (Array.isArray(schema)) return schema.flatMap(fieldsOf)
  if (typeof schema !== 'object' || schema === null) return []
  const {
    type,
    fields = [],
    items,
    values,
  } = schema as { type: unknown; fields?: Field[]; items?: unknown; values?: unknown }
  return [
    ...fields,
    ...fields.flatMap((field) => fieldsOf(field.type)),
    ...fieldsOf(items),
    ...fieldsOf(values),
    ...fieldsOf(type),
  ]
}

interface NamedType {
  type: string
  name: string
  doc?: string
  symbols?: string[]
  default?: string
}

/** Every record and enum of a schema, nested ones too. */
function namedTypesOf(schema: unknown): NamedType[] {
  if (typeof schema !== 'object' || schema === null) return []
  const inner = Object.values(schema).flatMap(namedTypesOf)
  return 'type' in schema && (schema.type === 'record' || schema.type === 'enum')
    ? [schema as NamedType, ...inner]
    : inner
}

describe.each(['album.imported', 'album.enrichment', 'album.enriched'])('%s', (name) => {
  const schemaText = read(`${name}.avsc`)

  async function openCodec() {
    const registry = new SchemaRegistry(inject('registryUrl'))
    const subject = `${randomUUID()}-value`
    await registry.register(subject, schemaText)
    return registry.openCodec<unknown>(subject, schemaText)
  }

  test('documents every field', () => {
    expect(fieldsOf(JSON.parse(schemaText)).filter(({ doc }) => !doc)).toEqual([])
  })

  test('documents every type, and gives each enum a default, which readers of an older version need', () => {
    const types = namedTypesOf(JSON.parse(schemaText))
    expect(types.filter(({ doc }) => !doc)).toEqual([])
    const enums = types.filter(({ type }) => type === 'enum')
    for (const { symbols, default: fallback } of enums) expect(symbols).toContain(fallback)
  })

  test('tells times as times', () => {
    const times = fieldsOf(JSON.parse(schemaText)).filter(({ name }) => /At$/.test(name))
    expect(times.length).toBeGreaterThan(0)
    for (const { type } of times) expect(JSON.stringify(type)).toContain('"timestamp-millis"')
  })

  test('takes the valid examples and gives them back unchanged', async () => {
    const codec = await openCodec()
    for (const example of JSON.parse(read(`examples/${name}.valid.json`))) {
      expect(await codec.decode(await codec.encode(example))).toEqual(example)
    }
  })

  test('refuses the invalid examples and names the field', async () => {
    const codec = await openCodec()
    for (const { value, field, why } of JSON.parse(read(`examples/${name}.invalid.json`))) {
      await expect(codec.encode(value), why).rejects.toMatchObject({
        code: 'RECORD_INVALID',
        message: expect.stringContaining(field),
      })
    }
  })

  test('is refused in a version that would break its readers', async () => {
    const registry = new SchemaRegistry(inject('registryUrl'))
    const subject = `${randomUUID()}-value`
    await registry.register(subject, schemaText)
    const broken = JSON.parse(schemaText)
    broken.fields.push({ name: 'brandNew', type: 'string', doc: 'required, so that older records cannot be read' })
    await expect(registry.register(subject, JSON.stringify(broken))).rejects.toMatchObject({
      code: 'SCHEMA_NOT_REGISTERED',
    })
  })
})
