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
 * A value as PostgreSQL can hold it, whatever it is: a text, a list of them, or something else, which stays. Of JSON
 * PostgreSQL refuses also what only tells of NUL or half a character in letters.
 *
 * @param isJson whether a text is taken for JSON: any other stays what it is, though it may look like it, as an id may
 */
export function storableValue(value: unknown, isJson = false): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => storableValue(item, isJson))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  if (isPlainObject(value)) {
    const json = JSON.stringify(value)
    return SUSPICIOUS.test(json) ? JSON.parse(storableJson(json)) : value
  }
  if (typeof value !== 'string') return value
  return isJson && SUSPICIOUS.test(value) ? storableJson(value) : storableText(value)
}

function storableJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), (_, value) => {
      if (typeof value === 'string') return storableText(value)
      if (!isPlainObject(value)) return value
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [storableText(name), item]))
    })
  } catch {
    // It is none, and PostgreSQL will say so.
    return storableText(text)
  }
}

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
