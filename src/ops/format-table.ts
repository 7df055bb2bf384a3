/** Rows under a header as aligned text, a line each, harmless for a terminal; the last column is not padded. */
export function formatTable(header: string[], rows: string[][]): string {
  const all = [header, ...rows].map((row) => row.map(escapeLine))
  const widthOf = (column: number) => all.reduce((width, row) => Math.max(width, measureWidth(row[column] ?? '')), 0)
  const widths = header.map((_, column) => widthOf(column))
  const last = header.length - 1
  const pad = (text: string, column: number) => text + ' '.repeat((widths[column] ?? 0) - measureWidth(text))
  const format = (row: string[]) =>
    header.map((_, column) => (column === last ? (row[column] ?? '') : pad(row[column] ?? '', column))).join('  ')
  return all.map((row) => format(row).trimEnd()).join('\n')
}

/** Text cut to a number of a terminal's columns, between what people see as characters, with an ellipsis where something is missing. */
export function shorten(text: string, columns: number): string {
  let [width, kept] = [0, 0]
  for (const { segment, index } of SEGMENTER.segment(text)) {
    width += widthOfCharacter(segment)
    if (width > columns) return `${text.slice(0, kept)}…`
    if (width < columns) kept = index + segment.length
  }
  return text
}

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' })
const IS_ASCII = /^[ -~]*$/
/** Emoji, and what Unicode calls wide or full width. */
const IS_WIDE =
  /^\p{Emoji_Presentation}|\uFE0F|^[\u1100-\u115F\u2E80-\u303E\u3041-\u4DBF\u4E00-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u
/** Nothing but marks, or characters that only say how their neighbours are written. */
const IS_INVISIBLE = /^[\p{M}\p{Cf}]+$/u

const widthOfCharacter = (segment: string) => (IS_WIDE.test(segment) ? 2 : IS_INVISIBLE.test(segment) ? 0 : 1)

/** How many columns of a terminal the text takes. */
function measureWidth(text: string): number {
  if (IS_ASCII.test(text)) return text.length
  return [...SEGMENTER.segment(text)].reduce((width, { segment }) => width + widthOfCharacter(segment), 0)
}

/** Text from outside made harmless for a terminal: control characters are shown, not obeyed, all but line feeds. */
export function escapeText(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (char) => (char === '\n' ? char : toEscape(char)))
}

/** The same for text that stands in a line of its own, so that nobody takes a part of it for another. */
export const escapeLine = (text: string): string => escapeText(text).replaceAll('\n', toEscape)

const toEscape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
