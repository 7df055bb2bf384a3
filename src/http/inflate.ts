import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate as inflateZlib } from 'node:zlib'

const INFLATERS: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer<ArrayBuffer>>> =
  {
    gzip: promisify(gunzip),
    'x-gzip': promisify(gunzip),
    deflate: promisify(inflateZlib),
    br: promisify(brotliDecompress),
  }

/**
 * A whole body by its `content-encoding`. Nobody is asked to compress, but there are gateways that do all the same.
 *
 * @param encoding of another name than gzip, deflate and br: the body is left as it is
 * @throws what `tooLarge` makes, for more than `maxBytes` inflated; Error for bytes that are not so encoded
 */
export async function inflate(
  bytes: Buffer<ArrayBuffer>,
  encoding: string | string[] | undefined,
  maxBytes: number,
  tooLarge: () => Error,
): Promise<Buffer<ArrayBuffer>> {
  const run = encoding === undefined ? undefined : INFLATERS[String(encoding).toLowerCase()]
  if (run === undefined) return bytes
  return await run(bytes, { maxOutputLength: maxBytes }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : error
  })
}
