import { createRequire } from 'node:module'
import { checkAvroBounds, type WalkedType } from './avro-bounds.ts'

/** What we use of avsc's Type, which the registry's client hands out without a type of its own. */
export interface AvroType extends WalkedType {
  /** Branches of a union. */
  types?: AvroType[]
  equals(other: AvroType): boolean
  toJSON(): unknown
  createResolver(writer: AvroType, options?: { ignoreNamespaces: boolean }): unknown
  fromBuffer(bytes: Buffer, resolver?: unknown): unknown
  /** @returns where it ends; what it lacks of room, below 0, where it does not fit. @throws Error for a value that does not fit the type */
  encode(value: unknown, bytes: Buffer, at: number): number
  isValid(value: unknown, options: { errorHook(path: string[]): void }): boolean
}

/** The decoder that the registry's client brings. */
const avsc = createRequire(createRequire(import.meta.url).resolve('@kafkajs/confluent-schema-registry'))('avsc') as {
  Type: { forSchema(schema: unknown): AvroType }
}

export const avroType = (schemaText: string): AvroType => avsc.Type.forSchema(JSON.parse(schemaText))

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
 * How bytes of one schema are read as another. Records match by their names without namespace, and of a union the branch that
 * was written (https://avro.apache.org/docs/1.12.0/specification/#schema-resolution).
 *
 * @throws Error when the two do not match; for a union only when such a branch is read
 */
function readAs(reader: AvroType, writer: AvroType): (body: Buffer) => unknown {
  if (writer.typeName.startsWith('union')) return readUnionAs(reader, writer.types ?? [])
  const resolver = reader.equals(writer) ? undefined : reader.createResolver(writer, { ignoreNamespaces: true })
  return (body) => reader.fromBuffer(body, resolver)
}

function readUnionAs(reader: AvroType, branches: AvroType[]): (body: Buffer) => unknown {
  const readers = new Map<number, (body: Buffer) => unknown>()
  return (body) => {
    // The branch's number is an Avro long, of which all unions in practice fill but the first byte.
    const first = body[0] ?? 1
    const branch = first < 0x80 && first % 2 === 0 ? branches[first / 2] : undefined
    if (branch === undefined) throw new Error('no branch of the union has the number that the value names')
    if (branch.typeName !== reader.typeName) throw new Error(`the value is of the union's branch ${branch.typeName}`)
    const read = readers.get(first) ?? readAs(reader, branch)
    readers.set(first, read)
    return read(body.subarray(1))
  }
}
