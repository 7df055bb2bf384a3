import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { type DecodingFault, decodingFault, MOST_BATCH_BYTES } from '../decoding-fault.ts'
import { TooLarge } from '../inflate.ts'
import { type BatchHead, type FetchedMessage, readBatchHead, readRecords } from '../read-record-batch.ts'

interface Decoder {
  readInt32(): number
  canReadBytes(length: number): boolean
  readBytes(length: number): Buffer
}

type DecodeMessages = (decoder: Decoder) => Promise<FetchedMessage[]>

interface Broker {
  fetch(request: object): Promise<{ responses: { partitions: { messages: FetchedMessage[] }[] }[] }>
}

const require = createRequire(import.meta.url)
const DECODE_MESSAGES = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages'
const FORMAT = 2
/** Offset, length. */
const PREFIX_BYTES = 12
const FORMAT_AT = 16
const CHECKSUM_AT = 17
const ATTRIBUTES_AT = 21

/** By the decoder of an answer how many inflated bytes it has brought. */
const inflated = new WeakMap<Decoder, number>()

/**
 * Bounds what a fetch of KafkaJS 2.2.4 may cost, whatever a producer has sent: it inflates a batch to any size (64 kB of
 * zstd are 2 GB), and takes time that is quadratic in a record's headers. Here a batch that cannot be opened within the
 * bounds, or at all, becomes one message that says so, at its last offset, and what comes behind it is read. An answer
 * that has brought a batch's worth of bytes leaves its other partitions to the next fetch. Again is harmless.
 *
 * @throws Error when KafkaJS no longer has what is replaced: the version is pinned, so that is a forgotten upgrade
 */
export function boundFetches(): void {
  const original: DecodeMessages = require(DECODE_MESSAGES)
  if (original === decodeMessages) return
  const { prototype } = require('kafkajs/src/broker') as { prototype: Broker }
  const module = require.cache[require.resolve(DECODE_MESSAGES)]
  const isLate = Object.keys(require.cache).some((path) => /protocol.requests.fetch.v\d+.response/.test(path))
  if (module === undefined || isLate || typeof prototype.fetch !== 'function') {
    throw new Error('kafkajs decodes fetches in another way: see whether bounded-fetch.ts is still needed')
  }
  module.exports = decodeMessages

  const fetch = prototype.fetch
  prototype.fetch = async function (request) {
    const answer = await fetch.call(this, request)
    // KafkaJS takes a partition that it skipped for read to its end, and queues one without messages as a batch, several
    // times a second for nothing: both are dropped.
    for (const topic of answer.responses)
      topic.partitions = topic.partitions.filter(({ messages }) => messages.length > 0)
    return answer
  }
}

async function decodeMessages(decoder: Decoder): Promise<FetchedMessage[]> {
  const size = decoder.readInt32()
  if (size <= 0 || !decoder.canReadBytes(size)) return []
  const bytes = decoder.readBytes(size)
  // Left for the next fetch.
  if ((inflated.get(decoder) ?? 0) >= MOST_BATCH_BYTES) return []
  if (bytes[FORMAT_AT] !== FORMAT) return decodeOldMessages(bytes)
  const messages: FetchedMessage[] = []
  for (let at = 0; at + PREFIX_BYTES <= bytes.length; ) {
    const end = at + PREFIX_BYTES + bytes.readInt32BE(at + 8)
    // A broker cuts the last batch off where the answer is full.
    if (end > bytes.length || end <= at) break
    const batch = bytes.subarray(at, end)
    at = end
    const spent = inflated.get(decoder) ?? 0
    if (spent >= MOST_BATCH_BYTES) break
    const opened = await openBatch(batch)
    inflated.set(decoder, spent + opened.bytes)
    for (const message of opened.messages) messages.push(message)
  }
  return messages
}

/** Of formats 0 and 1, which brokers have not written since Kafka 3.0; the codecs bound what they inflate to. */
function decodeOldMessages(bytes: Buffer): Promise<FetchedMessage[]> {
  const AnyDecoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object
  const decode = require('kafkajs/src/protocol/messageSet/decoder') as (decoder: object, size: number) => Promise<never>
  return decode(new AnyDecoder(bytes), bytes.length)
}

/** Throws only for what no producer can have sent. `bytes`: what opening it has cost. */
async function openBatch(batch: Buffer): Promise<{ messages: FetchedMessage[]; bytes: number }> {
  const head = readBatchHead(batch)
  try {
    const records = await inflate(head)
    const messages = readRecords(records, head.count, head.context)
    return { messages: messages.length > 0 ? messages : [nothing(head)], bytes: records.length }
  } catch (error) {
    if (!(error instanceof TooLarge)) checkChecksum(batch)
    const bytes = error instanceof TooLarge ? MOST_BATCH_BYTES : batch.length
    return { messages: [standIn(batch, head, error)], bytes }
  }
}

/** @throws Error when the bytes are not those that the producer sent, which is no fault of theirs */
function checkChecksum(batch: Buffer): void {
  const crc32C = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number
  if (crc32C(batch.subarray(ATTRIBUTES_AT)) !== batch.readUInt32BE(CHECKSUM_AT))
    throw new Error('a batch came with a wrong checksum')
}

async function inflate({ codec, records }: BatchHead): Promise<Buffer> {
  const { lookupCodec } = require('kafkajs/src/protocol/message/compression') as {
    lookupCodec(type: number): { decompress(bytes: Buffer): Promise<Buffer> } | null
  }
  if (codec === 0) return records
  const found = lookupCodec(codec)
  if (found === null) throw new RangeError(`nobody knows codec ${codec}`)
  return records.length === 0 ? records : found.decompress(records)
}

/**
 * In the place of a batch that compaction has emptied, and keeps for its producer's sequence numbers. Where an answer holds
 * nothing else KafkaJS would ask for it for ever; come to its end it gets as with a marker, which it shows nobody.
 */
function nothing({ context }: BatchHead): FetchedMessage {
  return { ...atEnd(context), isControlRecord: true }
}

/** What is delivered in the place of a batch, so that its readers come past it. */
function standIn(batch: Buffer, { context, count }: BatchHead, error: unknown): FetchedMessage {
  const message = atEnd(context)
  const firstOffset = BigInt(context.firstOffset)
  const lastOffset = BigInt(message.offset)
  const why = error instanceof Error ? error.message : String(error)
  const which = `the batch at offsets ${firstOffset} to ${lastOffset} (${count} records, ${batch.length} bytes)`
  const fault: DecodingFault =
    error instanceof TooLarge
      ? decodingFault('RECORD_TOO_LARGE', `${which} ${why}: publish its records again in smaller batches`)
      : decodingFault('RECORD_UNDECODABLE', `${which} cannot be opened: ${why}`)
  const sha256 = createHash('sha256').update(batch).digest('hex')
  return {
    ...message,
    fault: { ...fault, batch: { firstOffset, lastOffset, records: count, bytes: batch.length, sha256 } },
  }
}

/** A message without content at a batch's last offset. */
function atEnd(context: BatchHead['context']): FetchedMessage {
  return {
    magicByte: FORMAT,
    attributes: 0,
    timestamp: context.maxTimestamp,
    offset: String(BigInt(context.firstOffset) + BigInt(Math.max(context.lastOffsetDelta, 0))),
    key: null,
    value: null,
    headers: {},
    isControlRecord: context.isControlBatch,
    batchContext: context,
  }
}
