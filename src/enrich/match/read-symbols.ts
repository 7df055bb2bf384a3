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
