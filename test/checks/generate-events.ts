import { readFileSync } from 'node:fs'

type Schema = string | Schema[] | { type: Schema; [key: string]: unknown }

const SCHEMAS = ['album.imported', 'album.enrichment', 'album.enriched']
const PRIMITIVES: Record<string, string> = {
  null: 'null',
  string: 'string',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  double: 'number',
}
const UNITS: Record<string, string> = { 'timestamp-millis': 'milliseconds since 1970', uuid: 'UUID' }

/**
 * TypeScript types of the Avro schemas: a record becomes an interface, an enum a union of its symbols. A named type
 * that stands in several schemas must be the same in all, and is written once.
 */
export function generateEvents(root: string): string {
  const types = new Map<string, string>()
  for (const name of SCHEMAS) typeOf(JSON.parse(readFileSync(`${root}/schemas/${name}.avsc`, 'utf8')), types)
  const head = '// Generated from schemas/*.avsc by `npm run generate`. Do not edit.\n'
  return [head, ...types.values()].join('\n')
}

function typeOf(schema: Schema, types: Map<string, string>): string {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? schema
  if (Array.isArray(schema))
    return schema
      .map((branch) => typeOf(branch, types))
      .sort(nullLast)
      .join(' | ')
  if (schema.type === 'array') return arrayOf(typeOf(schema.items as Schema, types))
  if (schema.type === 'map') return `Record<string, ${typeOf(schema.values as Schema, types)}>`
  if (schema.type === 'enum')
    return declare(
      schema,
      `export type ${schema.name} = ${(schema.symbols as string[]).map((s) => `'${s}'`).join(' | ')}\n`,
      types,
    )
  if (schema.type === 'record') return declare(schema, recordOf(schema, types), types)
  return typeOf(schema.type, types)
}

const nullLast = (a: string, b: string) => Number(a === 'null') - Number(b === 'null')
const arrayOf = (item: string) => (item.includes(' ') ? `(${item})[]` : `${item}[]`)

function recordOf(schema: { [key: string]: unknown }, types: Map<string, string>): string {
  const fields = (schema.fields as { name: string; type: Schema; doc: string }[]).map((field) => {
    const unit = UNITS[logicalType(field.type) ?? '']
    return `  /** ${field.doc}${unit ? ` (${unit})` : ''} */\n  ${field.name}: ${typeOf(field.type, types)}\n`
  })
  return `export interface ${schema.name} {\n${fields.join('')}}\n`
}

function logicalType(schema: Schema): string | undefined {
  if (typeof schema === 'string') return undefined
  if (Array.isArray(schema)) return schema.map(logicalType).find((type) => type !== undefined)
  return schema.logicalType as string | undefined
}

function declare(schema: { [key: string]: unknown }, body: string, types: Map<string, string>): string {
  const name = schema.name as string
  const text = `/** ${schema.doc} */\n${body}`
  const earlier = types.get(name)
  if (earlier !== undefined && earlier !== text)
    throw new Error(`${name} is defined differently in two schemas: make them equal`)
  types.set(name, text)
  return name
}
