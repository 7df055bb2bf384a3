import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
// Only the default import has the table of codecs; the named one type-checks and is undefined at run time.
import kafkajs from 'kafkajs'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { compress, uncompress } from 'snappy'

/** What KafkaJS asks of a codec; the encoder holds the records of one batch. */
interface Codec {
  compress: (encoder: { buffer: Buffer }) => Promise<Buffer>
  decompress: (bytes: Buffer) => Promise<Buffer>
}

const compressZstd = promisify(zstdCompress)
const decompressZstd = promisify(zstdDecompress)

const snappy: Codec = {
  // One raw block, as librdkafka writes it; Java's reader takes both forms.
  compress: ({ buffer }) => compress(buffer),
  decompress: decompressSnappy,
}
const lz4: Codec = { compress: ({ buffer }) => compressFrame(buffer), decompress: decompressFrame }
const zstd: Codec = { compress: ({ buffer }) => compressZstd(buffer), decompress: decompressZstd }

/**
 * Teaches KafkaJS all of Kafka's codecs; it brings gzip only. An importer is free to choose its codec, and without this
 * its first record in another one would stop the consumer for good. To be called before the first consumer starts;
 * again is harmless.
 */
export function installCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.Snappy] = () => snappy
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstd
}

/** Begins a snappy-java stream; followed by two 32-bit version numbers. */
const JAVA_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const JAVA_HEADER_BYTES = 16

/**
 * Snappy comes in two forms: a raw block (librdkafka, Go), or snappy-java's stream of blocks, each behind its length in
 * 32 bits, big-endian (Java producers and brokers). Source: SnappyOutputStream of github.com/xerial/snappy-java.
 */
async function decompressSnappy(bytes: Buffer): Promise<Buffer> {
  if (!bytes.subarray(0, JAVA_MAGIC.length).equals(JAVA_MAGIC)) return uncompressBlock(bytes)
  const blocks: Buffer[] = []
  let at = JAVA_HEADER_BYTES
  while (at < bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at)
    // Buffer.subarray would silently give a shorter block.
    if (end > bytes.length) throw new RangeError('The snappy stream ends in the middle of a block')
    blocks.push(await uncompressBlock(bytes.subarray(at + 4, end)))
    at = end
  }
  return Buffer.concat(blocks)
}

async function uncompressBlock(block: Buffer): Promise<Buffer> {
  return (await uncompress(block, { asBuffer: true })) as Buffer
}
