import sharp from 'sharp'
import { doJobs } from '../../apart/do-jobs.ts'
import { EnrichmentError, type ErrorCode, toEnrichmentError } from '../../errors.ts'
import { VARIANT_SIZES, type Variants } from './variants.ts'

/** A decoded pixel costs up to 4 bytes, so this bounds one decode to 200 MB. Amazon's largest covers have 9 million. */
const MAX_PIXELS = 50_000_000

/** File name endings by the decoder's format names. */
const EXTENSIONS: Record<string, string> = { jpeg: 'jpg', png: 'png', webp: 'webp', gif: 'gif' }

// Every image is decoded once, so the library's cache would only hold memory; its threads would take the event loop's cores.
sharp.cache(false)
sharp.concurrency(1)
// Allowed decoders only, whatever the content type claimed: SVG, PDF and the like can read files and fetch addresses.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadNsgifBuffer',
  ],
})

/** What this process is sent. */
export interface DecodeJob {
  bytes: Uint8Array
  /** The image for messages. */
  name: string
}

/** What it answers. */
export type DecodeReply = { variants: Variants } | { error: { code: ErrorCode; message: string } }

// A decoder cannot be interrupted, so this is a process of its own, which whoever waits for it kills.
doJobs(
  ({ bytes, name }: DecodeJob): Promise<DecodeReply> =>
    decode(bytes, name).then(
      (variants) => ({ variants }),
      (thrown) => ({ error: toReply(thrown, name) }),
    ),
)

function toReply(thrown: unknown, name: string): { code: ErrorCode; message: string } {
  const { code, message } = toEnrichmentError(thrown)
  if (thrown instanceof EnrichmentError) return { code, message }
  return { code: 'ARTWORK_NOT_AN_IMAGE', message: `${name} cannot be decoded: ${message}` }
}

async function decode(bytes: Uint8Array, name: string): Promise<Variants> {
  // Reads the header only, so the check comes before anything of the claimed size is allocated.
  const { format, autoOrient } = await sharp(bytes, { limitInputPixels: false }).metadata()
  const { width, height } = autoOrient
  if (width * height > MAX_PIXELS) {
    throw new EnrichmentError(
      'ARTWORK_TOO_LARGE',
      `${name} has ${width} x ${height} pixels; ${MAX_PIXELS} are allowed.`,
    )
  }
  const extension = EXTENSIONS[format]
  if (extension === undefined) throw new EnrichmentError('ARTWORK_NOT_AN_IMAGE', `${name} is ${format}.`)

  const [largest] = VARIANT_SIZES
  // One decode; the smaller variants are made from the largest. Re-encoding without keepMetadata() drops EXIF and profiles.
  const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'warning' })
    .autoOrient()
    .resize(largest, largest, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const variants: Variants['variants'] = []
  for (const size of VARIANT_SIZES) {
    const { width, height, channels } = info
    const resized = sharp(data, { raw: { width, height, channels } }).resize(size, size, {
      fit: 'inside',
      withoutEnlargement: true,
    })
    variants.push({ size, bytes: await resized.jpeg({ quality: 85 }).toBuffer() })
  }
  return { extension, contentType: `image/${format}`, width, height, variants }
}
