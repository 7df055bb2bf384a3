const REPLACEMENT = '\ufffd'

/**
 * A text as Kafka's pages and PostgreSQL can hold it: NUL and halves of characters (lone surrogates) become U+FFFD. The
 * text itself where there is nothing to replace.
 */
export function storableText(text: string): string {
  const whole = text.includes('\0') ? text.replaceAll('\0', REPLACEMENT) : text
  return whole.isWellFormed() ? whole : whole.toWellFormed()
}

/** The first characters of a text, none of them cut in two; `most` counts UTF-16 units, as `length` does. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text
  const last = text.charCodeAt(most - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? most - 1 : most)
}

/** Where JSON tells of NUL or of half a character, it does so in letters. */
const SUSPICIOUS = /\\u(?:0000|d[89a-f])/i

/**
 * A value as PostgreSQL can hold it, whatever it is: a text, a JSON text, a list of them, or something else, which stays.
 * PostgreSQL refuses a JSON text that only tells of NUL or half a character in letters, too.
 */
export function storableValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.some((item) => storableValue(item) !== item) ? value.map(storableValue) : value
  if (isPlainObject(value)) {
    const json = JSON.stringify(value)
    return SUSPICIOUS.test(json) ? JSON.parse(storableJson(json)) : value
  }
  if (typeof value !== 'string') return value
  return isSuspiciousJson(value) ? storableJson(value) : storableText(value)
}

const isSuspiciousJson = (text: string) => /^\s*[[{"]/.test(text) && SUSPICIOUS.test(text)

function storableJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), (_, value) => {
      if (typeof value === 'string') return storableText(value)
      if (!isPlainObject(value)) return value
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [storableText(name), item]))
    })
  } catch {
    // It only looks like JSON, so it is a text.
    return storableText(text)
  }
}

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
