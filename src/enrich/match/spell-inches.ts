const INCHES = /(?<![\d.])(7|10|12) ?(["”″]|'')/g

/** "Mezzanine 12"" is "Mezzanine 12 inch"; the mark at the end of `"Chapter 12"` closes a quotation. */
export function spellInches(title: string): string {
  return title.replace(INCHES, (found, size: string, mark: string, at: number) => {
    const before = title.slice(0, at)
    const isQuoted = mark === '"' ? before.split('"').length % 2 === 0 : mark === '”' && before.includes('“')
    return isQuoted ? found : `${size} inch`
  })
}
