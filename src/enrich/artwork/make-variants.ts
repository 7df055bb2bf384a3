import { ImageDecoder } from './image-decoder.ts'
import { limitConcurrency } from './limit-concurrency.ts'
import type { Variants } from './variants.ts'

/** Two decodes bound the memory. */
const AT_ONCE = 2
const inDecoder = limitConcurrency(AT_ONCE)
const idle = Array.from({ length: AT_ONCE }, () => new ImageDecoder())

/**
 * Decodes an image and makes its smaller copies, in a process that is killed when it takes too long: an image of 100 kB
 * can keep a decoder busy for 20 s, and nothing else can stop it. At most two run at a time, the others wait.
 *
 * @param name the image for messages
 * @throws EnrichmentError ARTWORK_NOT_AN_IMAGE (other formats, damaged or cut off), ARTWORK_TOO_LARGE (above 50 million
 *   pixels, or above 10 s of work)
 */
export function makeVariants(bytes: Uint8Array, name: string): Promise<Variants> {
  return inDecoder(async () => {
    const decoder = idle.pop() ?? new ImageDecoder()
    try {
      return await decoder.decode({ bytes, name })
    } finally {
      idle.push(decoder)
    }
  })
}
