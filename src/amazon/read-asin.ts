export const isAsin = (text: string): boolean => /^[A-Z0-9]{10}$/.test(text)

/**
 * An ASIN as Amazon writes it, of what people write for one.
 *
 * @returns undefined for what can be none: Amazon may refuse a whole request for it
 */
export function readAsin(text: string): string | undefined {
  const asin = text.trim().toUpperCase()
  return isAsin(asin) ? asin : undefined
}
