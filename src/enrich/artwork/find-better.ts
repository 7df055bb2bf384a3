import type { ArtworkLink } from './choose-artwork.ts'
import { sizeClass } from './image-size.ts'

interface Stored {
  /** Pixels, of the image that is stored; null: not known. */
  width?: number | null | undefined
  height?: number | null | undefined
}

const sizeOf = ({ width, height }: Stored) => ({ width: width ?? 0, height: height ?? 0 })

/** Whether an image is better than the stored one, so that it may take its place. */
export const isBetter = (image: Stored, stored: Stored): boolean => sizeClass(sizeOf(image)) > sizeClass(sizeOf(stored))

/**
 * The products whose image is better, as far as Amazon told its size: better also than what it tells of the stored one's
 * product, which may be more than what came, or else that would be fetched again and again.
 */
export function findBetter(links: readonly ArtworkLink[], stored: Stored & { asin?: string | null }): ArtworkLink[] {
  const told = links.find(({ asin }) => asin === stored.asin)?.product.image
  return links.filter(
    ({ product: { image } }) =>
      image !== null && image.width > 0 && isBetter(image, stored) && (!told || isBetter(image, told)),
  )
}
