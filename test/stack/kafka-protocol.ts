import { connect } from 'node:net'

/** A kind of request by its numbers (https://kafka.apache.org/protocol). */
interface Api {
  key: number
  version: number
  /** Whether this version has compact lengths and tagged fields (KIP-482). */
  isFlexible?: boolean
}

/**
 * Asks a broker one thing on a connection of its own. On the wire, since a client library finds brokers, leaders and
 * coordinators by itself, which is what tests want to know, and is noisy about a server that is not up yet.
 *
 * @param body fields of the request after its header
 * @returns the answer after its header
 * @throws Error when it does not answer within 2 seconds
 */
export function askKafka(port: number, { key, version, isFlexible = false }: Api, body: Buffer[]): Promise<Answer> {
  const request = Buffer.concat([
    int16(key),
    int16(version),
    int32(1),
    int16(0),
    ...(isFlexible ? [NO_TAGS] : []),
    ...body,
  ])
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.concat([int32(request.length), request])))
    let answer = Buffer.alloc(0)
    socket.setTimeout(2_000, () => socket.destroy(new Error('Kafka does not answer')))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return
      // Size and correlation id, and tagged fields.
      resolve(new Answer(answer.subarray(8 + (isFlexible ? 1 : 0))))
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('Kafka closed the connection')))
  })
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
export const list = (items: Buffer[]): Buffer => Buffer.concat([int32(items.length), ...items])

/** Of requests that are flexible. Their lengths here are all below 127, so that one byte holds them. */
export const NO_TAGS = Buffer.from([0])
export const compactText = (value: string): Buffer => Buffer.concat([compactLength(value.length), Buffer.from(value)])
export const compactList = (items: Buffer[]): Buffer => Buffer.concat([compactLength(items.length), ...items])

function compactLength(length: number): Buffer {
  if (length > 126) throw new Error(`${length} does not fit into one byte`)
  return Buffer.from([length + 1])
}

/** Reads an answer field by field. */
export class Answer {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8(): number {
    this.#at += 1
    return this.#bytes.readInt8(this.#at - 1)
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  text(): string {
    return this.#take(this.int16())
  }

  list<T>(readItem: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, readItem)
  }

  compactText(): string {
    return this.#take(this.int8() - 1)
  }

  compactList<T>(readItem: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int8() - 1) }, readItem)
  }

  #take(length: number): string {
    this.#at += Math.max(0, length)
    return this.#bytes.toString('utf8', this.#at - Math.max(0, length), this.#at)
  }
}
