import { expect, test } from 'vitest'
import { formatTable, shorten } from '../../src/ops/format-table.ts'

test('a column is as wide as its widest cell, and the last one is not padded', () => {
  expect(formatTable(['id', 'what'], [['1', 'a'], ['100', 'a longer one'], ['2']])).toBe(
    'id   what\n1    a\n100  a longer one\n2',
  )
})

test('a table of 200,000 rows is written', () => {
  const rows = Array.from({ length: 200_000 }, (_, index) => [String(index), 'row'])
  expect(formatTable(['id', 'what'], rows).split('\n').length).toBe(200_001)
})

test('a row is one line whatever its cells say, and what is shown of control characters counts as wide as it is', () => {
  const rows = [
    ['a\nb\u001b[2J', '1'],
    ['c', '2'],
  ]
  expect(formatTable(['what', 'n'], rows)).toBe(
    ['what               n', 'a\\u000ab\\u001b[2J  1', 'c                  2'].join('\n'),
  )
})

test('columns are measured as a terminal shows them', () => {
  // Full width; an accent of its own; one emoji of five characters; a flag; a heart that is drawn as an emoji; half width.
  const texts = ['東京', 'e\u0301', '👩‍👧', '🇨🇦', '❤️', 'ｶﾅ', '한', 'é', '–', '\u200b']
  const table = formatTable(
    ['wide', 'n'],
    texts.map((text) => [text, '1']),
  )
  const rows = table.split('\n').slice(1)
  const widths = rows.map((row, index) => 'wide  '.length - (row.length - (texts[index] ?? '').length - '1'.length))
  expect(widths).toEqual([4, 1, 2, 2, 2, 2, 2, 1, 1, 0])
})

test('text is cut between characters as people see them, to so many columns', () => {
  expect(shorten('as it is', 8)).toBe('as it is')
  expect(shorten('a longer one', 8)).toBe('a longe…')
  expect(shorten('东京東京', 8)).toBe('东京東京')
  expect(shorten('东京東京!', 8)).toBe('东京東…')
  expect(shorten('ab👩‍👧cd', 4)).toBe('ab…')
  expect(shorten('ab👩‍👧cd', 5)).toBe('ab👩‍👧…')
  expect(shorten('ne\u0301e\u0301', 2)).toBe('n…')
})
