import { promisify } from 'node:util'
import { gzip as gzipCallback, zstdCompress } from 'node:zlib'
// Only the default import has the table of codecs; the named one type-checks and is undefined at run time.
import kafkajs from 'kafkajs'
import { compressFrame } from 'lz4-napi'
import { compress } from 'snappy'
import { inflateGzip, inflateLz4, inflateSnappy, inflateZstd } from './inflate.ts'

/** What KafkaJS asks of a codec; the encoder holds the records of one batch. */
interface Codec {
  compress: (encoder: { buffer: Buffer }) => Promise<Buffer>
  decompress: (bytes: Buffer) => Promise<Buffer>
}

const compressGzip = promisify<Buffer, Buffer>(gzipCallback)
const compressZstd = promisify(zstdCompress)

const gzip: Codec = { compress: ({ buffer }) => compressGzip(buffer), decompress: inflateGzip }
// One raw block, as librdkafka writes it; Java's reader takes both forms.
const snappy: Codec = { compress: ({ buffer }) => compress(buffer), decompress: inflateSnappy }
const lz4: Codec = { compress: ({ buffer }) => compressFrame(buffer), decompress: inflateLz4 }
const zstd: Codec = { compress: ({ buffer }) => compressZstd(buffer), decompress: inflateZstd }

/**
 * Teaches KafkaJS all of Kafka's codecs, each with a bound to what it inflates; it brings gzip only, without one. An
 * importer is free to choose its codec, and without this its first record in another one would stop the consumer for
 * good. To be called before the first consumer starts; again is harmless.
 */
export function installCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.GZIP] = () => gzip
  CompressionCodecs[CompressionTypes.Snappy] = () => snappy
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstd
}
