import {
  type DecodingFault,
  decodingFault,
  MOST_BATCH_RECORDS,
  MOST_HEADER_BYTES,
  MOST_HEADERS,
  MOST_VALUE_BYTES,
} from './decoding-fault.ts'

/** A record in the form that KafkaJS hands on. */
export interface FetchedMessage {
  magicByte: number
  attributes: number
  timestamp: string
  offset: string
  key: Buffer | null
  value: Buffer | null
  headers: Record<string, HeaderValue | HeaderValue[]>
  isControlRecord: boolean
  batchContext: BatchContext
  /** Set where it is not what its producer sent, but what could be had of it. */
  fault?: DecodingFault
}

type HeaderValue = Buffer | null

/** What KafkaJS and our patches know of the batch that a record came in. */
export interface BatchContext {
  firstOffset: string
  firstTimestamp: string
  partitionLeaderEpoch: number
  inTransaction: boolean
  isControlBatch: boolean
  lastOffsetDelta: number
  producerId: string
  producerEpoch: number
  firstSequence: number
  maxTimestamp: string
  /** 0: the producer's time; 1: the broker's. */
  timestampType: number
  magicByte: number
}

/** The parts of a batch's head; `records` follow it, compressed or not. */
export interface BatchHead {
  context: BatchContext
  /** 0: none; else a key of KafkaJS's table of codecs. */
  codec: number
  count: number
  records: Buffer
}

const HEAD_BYTES = 61
const LOG_APPEND_TIME = 1
const FLAGS = { codec: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 }

/**
 * Reads the head of a whole record batch of format 2.
 *
 * Source: https://kafka.apache.org/documentation/#recordbatch
 */
export function readBatchHead(batch: Buffer): BatchHead {
  if (batch.length < HEAD_BYTES) throw new RangeError('the batch is shorter than its head')
  const attributes = batch.readInt16BE(21)
  return {
    context: {
      firstOffset: String(batch.readBigInt64BE(0)),
      partitionLeaderEpoch: batch.readInt32BE(12),
      magicByte: batch.readInt8(16),
      inTransaction: (attributes & FLAGS.transactional) !== 0,
      isControlBatch: (attributes & FLAGS.control) !== 0,
      timestampType: (attributes & FLAGS.logAppendTime) === 0 ? 0 : LOG_APPEND_TIME,
      lastOffsetDelta: batch.readInt32BE(23),
      firstTimestamp: String(batch.readBigInt64BE(27)),
      maxTimestamp: String(batch.readBigInt64BE(35)),
      producerId: String(batch.readBigInt64BE(43)),
      producerEpoch: batch.readInt16BE(51),
      firstSequence: batch.readInt32BE(53),
    },
    codec: attributes & FLAGS.codec,
    count: batch.readInt32BE(57),
    records: batch.subarray(HEAD_BYTES),
  }
}

/**
 * Reads the records of a batch in time and memory that are linear in their bytes. A record with more headers or bytes
 * than the service takes has a fault, and so much of it as is harmless.
 *
 * @param records uncompressed
 * @throws RangeError when the bytes are no `count` records
 */
export function readRecords(records: Buffer, count: number, context: BatchContext): FetchedMessage[] {
  if (count < 0 || count > MOST_BATCH_RECORDS) {
    throw new RangeError(`the batch has ${count} records, and ${MOST_BATCH_RECORDS} are allowed`)
  }
  const reader = new Reader(records)
  const messages: FetchedMessage[] = []
  for (let index = 0; index < count; index += 1) {
    const length = reader.readLength()
    const record = length === null ? undefined : reader.take(length)
    if (record === undefined) throw new RangeError(`record ${index} of the batch has no bytes`)
    messages.push(readRecord(new Reader(record), context))
  }
  return messages
}

function readRecord(reader: Reader, context: BatchContext): FetchedMessage {
  const attributes = reader.take(1).readInt8()
  const timestampDelta = reader.readVarint()
  const offsetDelta = reader.readVarint()
  const isBrokersTime = context.timestampType === LOG_APPEND_TIME
  const keyLength = reader.readLength()
  const key = keyLength === null ? null : reader.take(keyLength)
  const valueLength = reader.readLength()
  const value = valueLength === null ? null : reader.take(valueLength)
  const { headers, fault } = readHeaders(reader)
  const message: FetchedMessage = {
    magicByte: context.magicByte,
    attributes,
    timestamp: isBrokersTime ? context.maxTimestamp : String(BigInt(context.firstTimestamp) + timestampDelta),
    offset: String(BigInt(context.firstOffset) + offsetDelta),
    key,
    value,
    headers,
    isControlRecord: context.isControlBatch,
    batchContext: context,
  }
  const bytes = value?.length ?? 0
  const isLarge = bytes > MOST_VALUE_BYTES
  const large = `the value has ${bytes} bytes, and ${MOST_VALUE_BYTES} are read: publish a smaller one`
  const found = isLarge ? decodingFault('RECORD_TOO_LARGE', large) : fault
  return found === undefined ? message : { ...message, fault: found }
}

/**
 * KafkaJS 2.2.4 copies all headers for each header, which takes minutes for a record of 100 kB. Without a prototype,
 * a name such as "constructor" is a name like any other.
 */
function readHeaders(reader: Reader): Pick<FetchedMessage, 'headers' | 'fault'> {
  const none = (fault: DecodingFault) => ({ headers: Object.create(null), fault })
  const count = reader.readLength() ?? 0
  if (count > MOST_HEADERS) {
    const message = `the record has ${count} headers, and ${MOST_HEADERS} are read: publish it with fewer`
    return none(decodingFault('RECORD_TOO_LARGE', message))
  }
  if (count > 0 && reader.left > MOST_HEADER_BYTES) {
    const message = `the headers have ${reader.left} bytes, and ${MOST_HEADER_BYTES} are read: publish smaller ones`
    return none(decodingFault('RECORD_TOO_LARGE', message))
  }
  const headers: FetchedMessage['headers'] = Object.create(null)
  for (let index = 0; index < count; index += 1) {
    const nameLength = reader.readLength()
    const name = nameLength === null ? '' : reader.take(nameLength).toString()
    const valueLength = reader.readLength()
    const value = valueLength === null ? null : reader.take(valueLength)
    const earlier = headers[name]
    if (earlier === undefined) headers[name] = value
    else if (Array.isArray(earlier)) earlier.push(value)
    else headers[name] = [earlier, value]
  }
  return { headers }
}

const LONGEST_VARINT = 10

/** Goes through bytes and never beyond them. Every method throws RangeError where they end. */
class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(length: number): Buffer {
    if (length > this.left) throw new RangeError(`${length} bytes are claimed, and ${this.left} remain`)
    const from = this.#at
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  /** A length or a count; -1 means that there is nothing, not even emptiness. */
  readLength(): number | null {
    const length = this.readVarint()
    if (length === -1n) return null
    // Of lengths and counts alike: each counted thing has a byte at least.
    if (length < 0n || length > BigInt(this.left))
      throw new RangeError(`${length} bytes or more are claimed, and ${this.left} remain`)
    return Number(length)
  }

  /** Zigzag, 7 bits a byte, lowest first. */
  readVarint(): bigint {
    let low = 0
    for (let index = 0; index < 4; index += 1) {
      const byte = this.#byte()
      low += (byte & 0x7f) * 2 ** (7 * index)
      if (byte < 0x80) return BigInt(low % 2 === 0 ? low / 2 : -(low + 1) / 2)
    }
    let value = BigInt(low)
    for (let index = 4; index < LONGEST_VARINT; index += 1) {
      const byte = this.#byte()
      value += BigInt(byte & 0x7f) << BigInt(7 * index)
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
    }
    throw new RangeError('a number has more than 10 bytes')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new RangeError('the bytes end in the middle of a number')
    this.#at += 1
    return byte
  }
}
