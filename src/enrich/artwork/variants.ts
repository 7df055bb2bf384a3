/** Longest sides of the variants, in pixels. */
export const VARIANT_SIZES = [250, 150, 100] as const

export interface Variants {
  /** Of the original: jpg, png, webp or gif. */
  extension: string
  contentType: string
  /** Pixels of the original as it is shown, that is after its orientation is applied. */
  width: number
  height: number
  /** JPEGs without metadata, largest first; `size` bounds the longest side, smaller images are not enlarged. */
  variants: { size: number; bytes: Uint8Array }[]
}
