import { EnrichmentError } from '../errors.ts'

/** Items of one list or map. */
const MOST_ITEMS = 10_000
/** Values in a record, those within values included. */
const MOST_VALUES = 200_000
const DEEPEST = 32
/** In bytes, of what has always as many. */
const SIZES: Record<string, number> = { null: 0, boolean: 1, float: 4, double: 8 }

/** What we use of avsc's types to walk over bytes that a schema describes. */
export interface WalkedType {
  typeName: string
  fields?: { name: string; type: WalkedType }[]
  itemsType?: WalkedType
  valuesType?: WalkedType
  underlyingType?: WalkedType
  types?: WalkedType[]
  symbols?: string[]
  size?: number
}

/**
 * Walks over a record's bytes before they are decoded, in one pass and without memory: avsc 5.7.9 makes room for as many
 * items as an array claims, so that 14 bytes take the process down, and follows the sizes of blocks backwards, without
 * end.
 *
 * Source: https://avro.apache.org/docs/1.11.1/specification/#binary-encoding
 *
 * @param type of the writer's schema
 * @throws EnrichmentError RECORD_INVALID naming the field that has more than is read; RangeError where the bytes are not
 *   what the schema says
 */
export function checkAvroBounds(type: WalkedType, bytes: Buffer): void {
  const walk = new Walk(bytes)
  walk.over(type, '', 0)
  if (walk.left > 0) throw new RangeError(`${walk.left} bytes follow the record`)
}

class Walk {
  readonly #bytes: Buffer
  #at = 0
  #values = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  over(type: WalkedType, path: string, depth: number): void {
    this.#values += 1
    if (this.#values > MOST_VALUES) throw tooMany(path, `the record has more than ${MOST_VALUES} values`)
    if (depth > DEEPEST) throw tooMany(path, `values lie deeper than ${DEEPEST} within each other`)
    const size = SIZES[type.typeName]
    if (size !== undefined) this.#skip(size)
    else if (isNumber(type)) this.#readLong()
    else if (isText(type)) this.#skip(this.#readLong())
    else if (type.typeName === 'fixed') this.#skip(type.size ?? 0)
    else if (type.typeName === 'enum') this.#choose(type.symbols, path)
    else if (type.types) this.over(this.#choose(type.types, path), path, depth + 1)
    else if (type.fields) for (const field of type.fields) this.over(field.type, join(path, field.name), depth + 1)
    else if (type.itemsType) this.#overBlocks(type.itemsType, `${path}[]`, depth + 1, false)
    else if (type.valuesType) this.#overBlocks(type.valuesType, `${path}{}`, depth + 1, true)
    else if (type.underlyingType) this.over(type.underlyingType, path, depth + 1)
    else throw new RangeError(`its schema has a type that is not known here: ${type.typeName}`)
  }

  /** Items in blocks, each behind its count; the last count is 0, and behind one below 0 stands the block's size. */
  #overBlocks(type: WalkedType, path: string, depth: number, isMap: boolean): void {
    let items = 0
    for (let count = this.#readLong(); count !== 0; count = this.#readLong()) {
      const size = count < 0 ? this.#readLong() : null
      const from = this.#at
      const ofBlock = Math.abs(count)
      if (ofBlock > this.left) throw new RangeError(`${path} claims ${ofBlock} items, and ${this.left} bytes remain`)
      items += ofBlock
      if (items > MOST_ITEMS) throw tooMany(path, `it has at least ${items} items, and ${MOST_ITEMS} are read`)
      for (let left = ofBlock; left > 0; left -= 1) {
        if (isMap) this.#skip(this.#readLong())
        this.over(type, path, depth)
      }
      const walked = this.#at - from
      if (size !== null && size !== walked)
        throw new RangeError(`${path} claims a block of ${size} bytes that has ${walked}`)
    }
  }

  #choose<T>(choices: T[] | undefined, path: string): T {
    const index = this.#readLong()
    const choice = choices?.[index]
    if (choice === undefined) throw new RangeError(`${path} names choice ${index} of ${choices?.length}`)
    return choice
  }

  #skip(length: number): void {
    if (!(length >= 0 && length <= this.left))
      throw new RangeError(`${length} bytes are claimed, and ${this.left} remain: truncated`)
    this.#at += length
  }

  /** Zigzag, 7 bits a byte, lowest first. Beyond 2^53 not exact, which no count or length is. */
  #readLong(): number {
    let value = 0
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) throw new RangeError('the bytes end in the middle of a number: truncated')
      this.#at += 1
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw new RangeError('a number has more than 10 bytes')
  }
}

const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)

const isNumber = ({ typeName }: WalkedType) => typeName === 'int' || typeName === 'long'
const isText = ({ typeName }: WalkedType) => typeName === 'string' || typeName === 'bytes'

function tooMany(path: string, what: string): EnrichmentError {
  return new EnrichmentError('RECORD_INVALID', `${path || 'the record'}: ${what}: publish it with fewer`)
}
