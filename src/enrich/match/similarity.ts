/** Longest text whose letters are compared; the cost grows with the square. */
const MAX_LENGTH = 120

/** Likeness of two texts by letters, 1 for equal ones, 0 for nothing in common: 1 - edit distance / longer length. */
export function similarity(left: string, right: string): number {
  const a = left.slice(0, MAX_LENGTH)
  const b = right.slice(0, MAX_LENGTH)
  if (a === b) return 1
  const longer = Math.max(a.length, b.length)
  // Texts of very different length cannot be alike: no need to count.
  if (Math.min(a.length, b.length) < longer / 2) return 0
  return 1 - editDistance(a, b) / longer
}

/** Share of words in common, by Dice: twice the common ones over all. */
export function wordOverlap(left: readonly string[], right: readonly string[]): number {
  const a = new Set(left)
  const b = new Set(right)
  if (a.size + b.size === 0) return 0
  return (2 * [...a].filter((word) => b.has(word)).length) / (a.size + b.size)
}

function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[b.length] ?? 0
}
