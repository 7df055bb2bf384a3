import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { expect, test } from 'vitest'
import { parseAst } from 'vitest/node'

const LENGTH = 100_000
/** Where texts are cut before they are looked at, in characters; everywhere else they may have any length. */
const CUT: Record<string, number> = {
  'src/enrich/match/artist-names.ts': 400,
  'src/enrich/match/find-other-performers.ts': 400,
  'src/enrich/match/read-symbols.ts': 80,
  // By normalizeText.
  'src/enrich/match/read-title.ts': 600,
}
/** Of one pass over 100 kB, in processor time; a linear one takes 10 at most. */
const LONGEST_MS = 100

/** Every literal of src by its place; what is put together at run time is made of words, and tested with its module. */
function findLiterals(): { place: string; literal: RegExp; length: number }[] {
  return globSync('src/**/*.ts').flatMap((file) => {
    // Only types are taken out, so places stay the same.
    const text = stripTypeScriptTypes(readFileSync(file, 'utf8'))
    return [...regexesIn(parseAst(text))].map(({ start, regex: { pattern, flags } }) => ({
      place: `${file}:${text.slice(0, start).split('\n').length} /${pattern.slice(0, 80)}/${flags}`,
      literal: new RegExp(pattern, flags),
      length: CUT[file] ?? LENGTH,
    }))
  })
}

function* regexesIn(node: object): Generator<{ start: number; regex: { pattern: string; flags: string } }> {
  if ('regex' in node) yield node as { start: number; regex: { pattern: string; flags: string } }
  for (const child of Object.values(node)) if (child instanceof Object) yield* regexesIn(child)
}

/** One piece again and again: of whatever the expression may wait for, and of its own words. */
function* hostileTexts({ source }: RegExp, length: number): Generator<string> {
  const words = source.match(/[\w:@=-]{2,}/g) ?? []
  const marks = [
    '(',
    ')',
    '[',
    '{',
    '"',
    "'",
    ' ',
    '\t',
    '\n',
    '-',
    '_',
    '.',
    ',',
    ':',
    '/',
    '//',
    '://',
    '@',
    '=',
    '&',
    '#',
  ]
  const letters = [
    'a',
    'A',
    '0',
    'é',
    '\u0301',
    '🎵',
    '\0',
    'a ',
    ' a',
    'a(',
    '(a',
    'a.',
    'a-',
    '0,',
    'a@',
    'a:',
    '://a:',
  ]
  for (const piece of new Set([...marks, ...letters, ...words, ...words.map((word) => `${word} `)]))
    yield piece.repeat(Math.ceil(length / piece.length)).slice(0, length)
}

test('no regular expression of src takes longer than a linear one over 100 kB of hostile text', {
  timeout: 300_000,
}, () => {
  const literals = findLiterals()
  expect(literals.length).toBeGreaterThan(100)
  const slow: string[] = []
  for (const { place, literal, length } of literals) {
    for (const text of hostileTexts(literal, length)) {
      const from = process.threadCpuUsage()
      text.replace(literal, '')
      const { user, system } = process.threadCpuUsage(from)
      const ms = (user + system) / 1_000
      if (ms > LONGEST_MS) {
        slow.push(`${place}: ${Math.round(ms)} ms over ${JSON.stringify(text.slice(0, 12))}`)
        break
      }
    }
  }
  expect(slow).toEqual([])
})
