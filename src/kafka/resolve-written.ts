import { EnrichmentError } from '../errors.ts'
import type { AvroType, Resolver, Tap } from './avro-type.ts'

type Read = Resolver['_read']

/** Where in the record a type stands. */
interface Place {
  /** For messages, as `artists[].name`; empty at the top. */
  path: string
  /** What null is there when our type takes none. */
  ifNull: Read
  /** Whether records match by their names: at the top, and where a union has several. */
  byName: boolean
}

/**
 * How bytes of another schema are read as ours where avsc 5.7.9 will not: it refuses a union of the writer for any branch
 * that does not match, not for the one that was written, and ksqlDB, Spark and Connect write each field as a union with
 * null. By https://avro.apache.org/docs/1.12.0/specification/#schema-resolution, and for their sake more lenient in two
 * things:
 *
 * - null written for a field of ours that takes none is the field's default: it is how they leave a field out
 * - a record within the record may have any name, as they make one up; Avro's own library for Java does not look at it
 *
 * @param reader of our own schemas, which neither are recursive nor have a union of more than null and one type
 * @throws Error naming the field where the two do not match, for a union only when such a branch is read, as does what it
 *   returns; that also EnrichmentError RECORD_INVALID naming a field that is null and has no default
 */
export function resolveWritten(reader: AvroType, writer: AvroType): Read {
  return resolve(reader, writer, { ...placeOf(''), byName: true })
}

function resolve(reader: AvroType, writer: AvroType, place: Place): Read {
  const { typeName } = writer
  if (typeName.startsWith('union')) return resolveUnion(reader, writer.types ?? [], place)
  const ofReader = reader.types ?? [reader]
  if (typeName === 'null') return ofReader.some((type) => type.typeName === 'null') ? () => null : place.ifNull
  const [ours = reader] = ofReader.filter((type) => type.typeName !== 'null')
  if (ours.fields && writer.fields) return resolveRecord(ours, writer, place)
  if (ours.itemsType && writer.itemsType) return resolveArray(ours.itemsType, writer.itemsType, `${place.path}[]`)
  if (ours.valuesType && writer.valuesType) return resolveMap(ours.valuesType, writer.valuesType, `${place.path}{}`)
  try {
    const resolver = ours.createResolver(writer, { ignoreNamespaces: true })
    return (tap) => resolver._read(tap)
  } catch {
    throw mismatch(ours, writer, place.path)
  }
}

function resolveUnion(reader: AvroType, branches: AvroType[], place: Place): Read {
  const byName = place.byName || branches.filter(({ fields }) => fields).length > 1
  const reads: (Read | undefined)[] = []
  return (tap) => {
    const index = tap.readLong()
    const branch = branches[index]
    if (branch === undefined)
      throw new Error(`${place.path || 'the value'} names branch ${index} of a union of ${branches.length}`)
    const read = reads[index] ?? resolve(reader, branch, { ...place, byName })
    reads[index] = read
    return read(tap)
  }
}

function resolveRecord(reader: AvroType, writer: AvroType, { path, byName }: Place): Read {
  if (byName && shortName(reader) !== shortName(writer)) throw mismatch(reader, writer, path)
  const [ours = [], theirs = []] = [reader.fields, writer.fields]
  const absent = ours.filter(({ name }) => !theirs.some((field) => field.name === name))
  const missing = absent.find((field) => field.defaultValue() === undefined)
  if (missing) throw new Error(`${join(path, missing.name)} is not in the schema it was written with: add it there`)
  const steps = theirs.map(({ name, type }) => {
    const field = ours.find((one) => one.name === name)
    if (field === undefined) return (tap: Tap) => type._skip(tap)
    const there = placeOf(join(path, name))
    const ifNull = field.defaultValue() === undefined ? there.ifNull : () => field.defaultValue()
    const read = resolve(field.type, type, { ...there, ifNull })
    return (tap: Tap, record: Record<string, unknown>) => {
      record[name] = read(tap)
    }
  })
  return (tap) => {
    const record: Record<string, unknown> = {}
    for (const field of absent) record[field.name] = field.defaultValue()
    for (const step of steps) step(tap, record)
    return record
  }
}

function resolveArray(reader: AvroType, writer: AvroType, path: string): Read {
  const read = resolve(reader, writer, placeOf(path))
  return (tap) => {
    const items: unknown[] = []
    overBlocks(tap, () => items.push(read(tap)))
    return items
  }
}

function resolveMap(reader: AvroType, writer: AvroType, path: string): Read {
  const read = resolve(reader, writer, placeOf(path))
  return (tap) => {
    const entries: [string, unknown][] = []
    overBlocks(tap, () => entries.push([tap.readString(), read(tap)]))
    return Object.fromEntries(entries)
  }
}

/** What the blocks claim was checked before (checkAvroBounds). */
function overBlocks(tap: Tap, take: () => void): void {
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    // Behind a count below 0 stands the block's size.
    if (count < 0) tap.readLong()
    for (let left = Math.abs(count); left > 0; left -= 1) take()
  }
}

function placeOf(path: string): Place {
  const ifNull = () => {
    if (path === '') throw new Error('the value is null: publish the record itself')
    throw new EnrichmentError('RECORD_INVALID', `${path} is null, and has no default: publish it with a value`)
  }
  return { path, ifNull, byName: false }
}

function mismatch(reader: AvroType, writer: AvroType, path: string): Error {
  const what = `${nameOf(writer)} cannot be read as ${nameOf(reader)}: publish it as that`
  return new Error(path === '' ? what : `${path}: ${what}`)
}

const nameOf = ({ typeName, name = '' }: AvroType) => `${typeName} ${name}`.trim()
const shortName = ({ name }: AvroType) => name?.replace(/^.*\./, '')
const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)
