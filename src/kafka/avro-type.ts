import type { WalkedType } from './avro-bounds.ts'

/** Bytes that are read from their beginning on. */
export interface Tap {
  readLong(): number
  readString(): string
}

/** Reads bytes of a writer's schema as what `_readerType` tells. */
export interface Resolver {
  _readerType: AvroType
  _read(tap: Tap): unknown
}

/** What we use of avsc's Type, which the registry's client hands out without a type of its own. */
export interface AvroType extends WalkedType {
  name?: string
  fields?: { name: string; type: AvroType; defaultValue(): unknown }[]
  itemsType?: AvroType
  valuesType?: AvroType
  /** Branches of a union. */
  types?: AvroType[]
  equals(other: AvroType): boolean
  toJSON(): unknown
  createResolver(writer: AvroType, options?: { ignoreNamespaces: boolean }): Resolver
  fromBuffer(bytes: Buffer, resolver?: Resolver): unknown
  /** @returns where it ends; what it lacks of room, below 0, where it does not fit. @throws Error for a value that does not fit the type */
  encode(value: unknown, bytes: Buffer, at: number): number
  isValid(value: unknown, options: { errorHook(path: string[]): void }): boolean
  _skip(tap: Tap): void
}
