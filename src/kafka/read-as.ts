import { createRequire } from 'node:module'
import { checkAvroBounds } from './avro-bounds.ts'
import type { AvroType, Resolver } from './avro-type.ts'
import { resolveWritten } from './resolve-written.ts'

/** The decoder that the registry's client brings. */
const avsc = createRequire(createRequire(import.meta.url).resolve('@kafkajs/confluent-schema-registry'))('avsc') as {
  Type: { forSchema(schema: unknown, options?: { typeHook: typeof readLeniently }): AvroType }
}

export const avroType = (schemaText: string): AvroType => avsc.Type.forSchema(JSON.parse(schemaText))

/** A schema to decode by, not to write by: of a stranger's, whatever decoding does not need may be wrong. */
export const writerType = (schemaText: string): AvroType =>
  avsc.Type.forSchema(JSON.parse(schemaText), { typeHook: readLeniently })

/**
 * avsc's typeHook for schemas of strangers, called with each schema within one before it is read. It takes out what says
 * nothing about bytes, since avsc refuses the whole schema where one is wrong and other languages' libraries do not:
 * defaults, sort orders and aliases.
 *
 * @param schema parsed JSON, which it changes
 * @returns undefined: to be read as usual
 */
export function readLeniently(schema: unknown, options: { typeHook: typeof readLeniently }): AvroType | undefined {
  if (typeof schema !== 'object' || schema === null || !('type' in schema)) return undefined
  // Java's library takes a type within a type for that type.
  if (typeof schema.type === 'object') return avsc.Type.forSchema(schema.type, options)
  const fields = 'fields' in schema && Array.isArray(schema.fields) ? schema.fields : []
  for (const part of [schema, ...fields]) for (const name of ['default', 'order', 'aliases']) delete part?.[name]
  return undefined
}

/**
 * Reads bytes of strangers: their bounds are checked before they are decoded.
 *
 * @throws what readAs and checkAvroBounds throw, as does what it returns
 */
export function readBounded(reader: AvroType, writer: AvroType): (body: Buffer) => unknown {
  const read = readAs(reader, writer)
  return (body) => {
    checkAvroBounds(writer, body)
    return read(body)
  }
}

/**
 * How bytes of one schema are read as another. Records match by their names without namespace.
 *
 * @throws what resolveWritten throws, as does what it returns
 */
function readAs(reader: AvroType, writer: AvroType): (body: Buffer) => unknown {
  const resolver = reader.equals(writer) ? undefined : createResolver(reader, writer)
  return (body) => reader.fromBuffer(body, resolver)
}

function createResolver(reader: AvroType, writer: AvroType): Resolver {
  try {
    return reader.createResolver(writer, { ignoreNamespaces: true })
  } catch {
    return { _readerType: reader, _read: resolveWritten(reader, writer) }
  }
}
