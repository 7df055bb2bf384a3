/** Below this an image is a placeholder (Amazon answers 200 with a GIF of 1 x 1) or a thumbnail. */
export const SMALLEST_SIDE = 150
/** From here on an image is good enough that a larger one is no reason to leave the better ranked product. */
const GOOD_SIDE = 500
const FAIR_SIDE = 300

interface Size {
  /** Pixels; 0: not known. */
  width: number
  height: number
}

/** Whether an image is known to be too small to be artwork. */
export function isTooSmall({ width, height }: Size): boolean {
  const known = [width, height].filter((side) => side > 0)
  return known.some((side) => side < SMALLEST_SIDE)
}

/** How good an image is by its size alone, larger is better; one of unknown size is taken for a fair one. */
export function sizeClass({ width, height }: Size): number {
  const side = Math.max(width, height)
  if (side === 0) return 1
  return side >= GOOD_SIDE ? 2 : side >= FAIR_SIDE ? 1 : 0
}
