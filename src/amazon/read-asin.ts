const isAsin = (text: string): boolean => /^[A-Z0-9]{10}$/.test(text)

/**
 * An ASIN as Amazon writes it, of what people write for one.
 *
 * @returns undefined for what can be none: Amazon may refuse a whole request for it
 */
export function readAsin(text: string): string | undefined {
  const asin = text.trim().toUpperCase()
  return isAsin(asin) ? asin : undefined
}

/** The same of a product's page on any site of Amazon's, as people paste its address. */
export function readAsinOrUrl(text: string): string | undefined {
  return readAsin(/\/(?:dp|d|product|ASIN)\/(\w{10})(?!\w)/i.exec(text)?.[1] ?? text)
}
