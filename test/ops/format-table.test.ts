import { expect, test } from 'vitest'
import { formatTable } from '../../src/ops/format-table.ts'

test('a column is as wide as its widest cell, and the last one is not padded', () => {
  expect(formatTable(['id', 'what'], [['1', 'a'], ['100', 'a longer one'], ['2']])).toBe(
    'id   what\n1    a\n100  a longer one\n2',
  )
})

test('a table of 200,000 rows is written', () => {
  const rows = Array.from({ length: 200_000 }, (_, index) => [String(index), 'row'])
  expect(formatTable(['id', 'what'], rows).split('\n').length).toBe(200_001)
})
