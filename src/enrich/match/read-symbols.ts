/** How titles that are signs are said and sold. */
const NAMES: Record<string, string[]> = {
  '†': ['Cross'],
  '✝': ['Cross'],
  '+': ['Plus'],
  '×': ['X', 'Multiply'],
  x: ['Multiply'],
  X: ['Multiply'],
  '÷': ['Divide'],
  '=': ['Equals'],
  '-': ['Subtract'],
  '−': ['Subtract'],
  '★': ['Blackstar', 'Star'],
  '☆': ['Star'],
  '*': ['Star', 'Asterisk'],
  '†††': ['Crosses'],
  'O(+>': ['Love Symbol', 'Symbol'],
  '☮': ['Peace'],
  '☾': ['Moon'],
  '☼': ['Sun'],
  '∅': ['Empty Set'],
  '~': ['Tilde'],
  '...': ['Ellipsis'],
  '…': ['Ellipsis'],
  $: ['Dollar'],
  '€': ['Euro'],
  '£': ['Pound'],
  '¥': ['Yen'],
  Σ: ['Sigma'],
  Φ: ['Phi'],
  λ: ['Lambda'],
  Π: ['Pi'],
  '∞': ['Infinity'],
  '♥': ['Heart', 'Love'],
  '♡': ['Heart', 'Love'],
  '()': ['Untitled'],
  '#': ['Number', 'Hashtag'],
  '%': ['Percent'],
  '?': ['Question Mark'],
  '!': ['Exclamation Mark'],
  '&': ['And', 'Ampersand'],
  '@': ['At'],
  '°': ['Degree'],
  Ω: ['Omega'],
  Δ: ['Delta'],
  π: ['Pi'],
  α: ['Alpha'],
}

/** Words for a title that is one sign, with or without its name in brackets ("÷ (Divide)"); none for other titles. */
export function readSymbols(title: string): string[] {
  const sign = title
    .slice(0, 80)
    .replace(/\s*[([][\p{L}\p{N} ]{2,}[)\]]\s*/gu, '')
    .replace(/\s+/g, '')
  return Object.hasOwn(NAMES, sign) ? (NAMES[sign] ?? []) : []
}

/** Signs beside other titles as words, or they would be dropped as punctuation: "x and ÷" is two records, "x And Divide". */
export function nameJoinedSigns(title: string): string {
  if (title.length > 200) return title
  const parts = title.split(/(\s+(?:and|und|et|&|\+)\s+)/)
  if (parts.length < 3) return title
  return parts
    .map((part, at) => (at % 2 === 0 && !/[\p{L}\p{N}]/u.test(part) ? (readSymbols(part)[0] ?? part) : part))
    .join('')
}
