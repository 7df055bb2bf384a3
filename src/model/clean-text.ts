/** Everything that looks like an angle bracket: fences are made of them. */
const OPENING = /[<‹«˂ᐸ≺⟨〈〈⧼❮❬❰《⟪ⵦ𝈶﹤<]/gu
const CLOSING = /[>›»˃ᐳ≻⟩〉〉⧽❯❭❱》⟫𝈷﹥>]/gu
/** Marks of a letter beyond these are no spelling but a way to hide it. */
const MARKS = /(\p{M}{3})\p{M}+/gu

/**
 * A stranger's text as it may stand in a prompt or a reason: one line of what a person would see, without characters
 * that show nothing (tags, variation selectors, joiners, bidirectional controls) and without brackets that could be
 * taken for a fence.
 *
 * @param longest in UTF-16 units; what is beyond is cut
 */
export function cleanText(text: string, longest: number): string {
  return text
    .slice(0, longest * 4)
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{C}\p{Default_Ignorable_Code_Point}]+/gu, '')
    .replace(MARKS, '$1')
    .replace(OPENING, '(')
    .replace(CLOSING, ')')
    .replace(/`{2,}|´{3,}/g, "'")
    .replace(/\s+/gu, ' ')
    .trim()
    .slice(0, longest)
    .toWellFormed()
}
