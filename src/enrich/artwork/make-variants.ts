import sharp from 'sharp'
import { EnrichmentError, toEnrichmentError } from '../../errors.ts'
import { limitConcurrency } from './limit-concurrency.ts'

/** Longest sides of the variants, in pixels. */
export const VARIANT_SIZES = [250, 150, 100] as const
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

/** Two decodes bound the memory and leave two of Node's four worker threads to DNS and files. */
const inDecoder = limitConcurrency(2)

export interface Variants {
  /** Of the original: jpg, png, webp or gif. */
  extension: string
  contentType: string
  /** Pixels of the original as it is shown, that is after its orientation is applied. */
  width: number
  height: number
  /** JPEGs without metadata, largest first; `size` bounds the longest side, smaller images are not enlarged. */
  variants: { size: number; bytes: Buffer }[]
}

/**
 * Decodes an image and makes its smaller copies. At most two run in the process at a time, the others wait.
 *
 * @param name the image for messages
 * @throws EnrichmentError ARTWORK_NOT_AN_IMAGE (other formats, damaged or cut off), ARTWORK_TOO_LARGE (above 50 million pixels)
 */
export async function makeVariants(bytes: Uint8Array, name: string): Promise<Variants> {
  return await inDecoder(async () => {
    try {
      return await decode(bytes, name)
    } catch (thrown) {
      if (thrown instanceof EnrichmentError) throw thrown
      throw new EnrichmentError(
        'ARTWORK_NOT_AN_IMAGE',
        `${name} cannot be decoded: ${toEnrichmentError(thrown).message}`,
        { cause: thrown },
      )
    }
  })
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
