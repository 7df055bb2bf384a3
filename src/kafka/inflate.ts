import { promisify } from 'node:util'
import { unzip, zstdDecompress } from 'node:zlib'
import { decompressFrame } from 'lz4-napi'
import { uncompress } from 'snappy'
import { MOST_BATCH_BYTES } from './decoding-fault.ts'
import { measureLz4 } from './measure-lz4.ts'

/** Bytes would inflate to more than a batch may have. */
export class TooLarge extends Error {
  constructor() {
    super(`inflates to more than ${MOST_BATCH_BYTES} bytes`)
    this.name = 'TooLarge'
  }
}

const BOUNDS = { maxOutputLength: MOST_BATCH_BYTES, chunkSize: 65_536 }
const unzipAsync = promisify(unzip)
const unzstdAsync = promisify(zstdDecompress)

/*
 * Kafka's codecs, each of which gives up on bytes that inflate to more than MOST_BATCH_BYTES before it has them in
 * memory. All throw TooLarge for such, and another error for bytes that are none of the codec's or are cut off.
 */

export const inflateGzip = (bytes: Buffer): Promise<Buffer> => unzipAsync(bytes, BOUNDS).catch(orTooLarge)

export const inflateZstd = (bytes: Buffer): Promise<Buffer> => unzstdAsync(bytes, BOUNDS).catch(orTooLarge)

export async function inflateLz4(bytes: Buffer): Promise<Buffer> {
  checkSize(measureLz4(bytes, MOST_BATCH_BYTES))
  return decompressFrame(bytes)
}

function orTooLarge(error: NodeJS.ErrnoException): never {
  if (error.code === 'ERR_BUFFER_TOO_LARGE') throw new TooLarge()
  throw error
}

/** Begins a snappy-java stream; followed by two 32-bit version numbers. */
const JAVA_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const JAVA_HEADER_BYTES = 16

/**
 * Snappy comes in two forms: a raw block (librdkafka, Go), or snappy-java's stream of blocks, each behind its length in
 * 32 bits, big-endian (Java producers and brokers). Source: SnappyOutputStream of github.com/xerial/snappy-java.
 */
export async function inflateSnappy(bytes: Buffer): Promise<Buffer> {
  if (!bytes.subarray(0, JAVA_MAGIC.length).equals(JAVA_MAGIC)) return inflateBlocks([bytes])
  const blocks: Buffer[] = []
  let at = JAVA_HEADER_BYTES
  while (at < bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at)
    // Buffer.subarray would silently give a shorter block.
    if (end > bytes.length) throw new RangeError('The snappy stream ends in the middle of a block')
    blocks.push(bytes.subarray(at + 4, end))
    at = end
  }
  return inflateBlocks(blocks)
}

async function inflateBlocks(blocks: Buffer[]): Promise<Buffer> {
  checkSize(blocks.reduce((sum, block) => sum + claimedLength(block), 0))
  const inflated: Buffer[] = []
  for (const block of blocks) inflated.push((await uncompress(block, { asBuffer: true })) as Buffer)
  return Buffer.concat(inflated)
}

/**
 * A block begins with its inflated length, and the decoder allocates as much before it looks further.
 * Source: format_description.txt of github.com/google/snappy.
 */
function claimedLength(block: Buffer): number {
  let length = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index] ?? 0
    length += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return length
  }
  throw new RangeError('The snappy block has no length')
}

function checkSize(bytes: number): void {
  if (bytes > MOST_BATCH_BYTES) throw new TooLarge()
}
