/** Rows under a header as aligned text; the last column is not padded. */
export function formatTable(header: string[], rows: string[][]): string {
  const all = [header, ...rows]
  const widthOf = (column: number) => all.reduce((width, row) => Math.max(width, (row[column] ?? '').length), 0)
  const widths = header.map((_, column) => widthOf(column))
  const last = header.length - 1
  const format = (row: string[]) =>
    header
      .map((_, column) => (column === last ? (row[column] ?? '') : (row[column] ?? '').padEnd(widths[column] ?? 0)))
      .join('  ')
  return all.map((row) => format(row).trimEnd()).join('\n')
}

/** Text cut to a number of characters, with an ellipsis where something is missing. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

/** Text from outside made harmless for a terminal: control characters are shown, not obeyed. */
export function escapeText(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
