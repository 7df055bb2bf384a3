import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatStamp, isPending, parseStamp, stampOffsets } from '../../../src/worker/lease/lane-commit.ts'

const committed = new Map([
  ['enrichment', 10n],
  ['express', 4n],
])
const stamp = { flush: 12, fence: 3 }

test('a stamp reads as it was written', () => {
  expect(formatStamp(stamp)).toBe('ae1 flush=12 fence=3')
  const number = fc.integer({ min: 1, max: 999_999_999_999_999 })
  fc.assert(
    fc.property(number, number, (flush, fence) => {
      expect(parseStamp(formatStamp({ flush, fence }))).toEqual({ flush, fence })
    }),
  )
})

test.each([
  null,
  '',
  ' ',
  'ae1',
  'ae2 flush=1 fence=1',
  'ae1 flush=0 fence=1',
  'ae1 flush=01 fence=1',
  'ae1 flush=1 fence=-1',
  'ae1 flush=1e3 fence=1',
  'ae1 flush=9999999999999999 fence=1',
  'ae1 flush=1 fence=1\n',
  'ae1 flush=1 fence=1 ',
  'moved by ae1 flush=1 fence=1',
])('metadata %j is not ours', (metadata) => {
  expect(parseStamp(metadata)).toBeNull()
})

test('no metadata makes the parser fail', () => {
  fc.assert(
    fc.property(fc.string(), (metadata) => {
      expect(parseStamp(`~${metadata}`)).toBeNull()
    }),
  )
})

test('a commit stamps every topic, moved or not', () => {
  expect(stampOffsets(committed, [{ topic: 'enrichment', nextOffset: 13n }], stamp)).toEqual([
    { topic: 'enrichment', offset: 13n, metadata: 'ae1 flush=12 fence=3' },
    { topic: 'express', offset: 4n, metadata: 'ae1 flush=12 fence=3' },
  ])
})

test('a commit never lowers an offset', () => {
  const done = [
    { topic: 'enrichment', nextOffset: 9n },
    { topic: 'express', nextOffset: 6n },
    { topic: 'express', nextOffset: 5n },
  ]
  expect(stampOffsets(committed, done, stamp).map(({ offset }) => offset)).toEqual([10n, 6n])
})

test('what was committed, and what is not the lane, is not pending', () => {
  expect(isPending(committed, { topic: 'enrichment', offset: 10n })).toBe(true)
  expect(isPending(committed, { topic: 'enrichment', offset: 9n })).toBe(false)
  expect(isPending(committed, { topic: 'other', offset: 99n })).toBe(false)
})
