import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import type { Delivery } from '../../src/kafka/delivery.ts'
import { headerBytes } from '../../src/kafka/record-size.ts'
import { toDeadLetter, toDeadLetterHeaders } from '../../src/retry/dead-letter.ts'

const delivery: Delivery = {
  topic: 'album.imported',
  partition: 3,
  offset: 42n,
  nextOffset: 43n,
  timestamp: 1_767_225_600_000,
  key: Buffer.from('4711'),
  value: Buffer.from([0, 1, 2]),
  headers: { traceparent: 'abc', repeated: ['a', 'b'] },
}
const givenUp = {
  error: new EnrichmentError('RECORD_INVALID', 'x'.repeat(9_000)),
  stage: 'intake',
  attempt: 1,
  firstFailedAt: 0,
}

test('keeps bytes, key and foreign headers, and says where it stood and why it was given up', () => {
  const { key, value, headers } = toDeadLetter('dead', delivery, givenUp)
  expect([key, value]).toEqual([delivery.key, delivery.value])
  expect(headers).toEqual({
    ...delivery.headers,
    'enricher-original-topic': 'album.imported',
    'enricher-original-partition': '3',
    'enricher-original-offset': '42',
    'enricher-original-timestamp': '2026-01-01T00:00:00.000Z',
    'enricher-first-failed-at': '1970-01-01T00:00:00.000Z',
    'enricher-run': '1',
    'enricher-attempt': '1',
    'enricher-stage': 'intake',
    'enricher-error-code': 'RECORD_INVALID',
    'enricher-error-message': 'x'.repeat(2_000),
  })
})

test('what an earlier hop wrote goes, but for where the record first stood', () => {
  const origin = toDeadLetterHeaders({ ...delivery, offset: 1n }, givenUp)
  const headers = { ...delivery.headers, ...origin, 'enricher-not-before': 'x', 'enricher-run': '9' }
  const letter = toDeadLetter('dead', { ...delivery, headers }, { ...givenUp, run: 2 })
  expect(letter.headers).toMatchObject({ 'enricher-original-offset': '1', 'enricher-run': '2', traceparent: 'abc' })
  expect(letter.headers).not.toHaveProperty('enricher-not-before')
})

test('our headers stay below 16 kB however long message and history, and the newest attempts are kept', () => {
  const message = fc.string({ unit: 'binary', maxLength: 3_000 })
  const attempts = fc.array(message, { maxLength: 40, size: 'max' })
  fc.assert(
    fc.property(message, attempts, (last, messages) => {
      const history = messages.map((text, attempt) => ({ attempt, message: text }))
      const error = new EnrichmentError('INTERNAL', last)
      const own = toDeadLetterHeaders(delivery, { ...givenUp, error, history })
      expect(headerBytes(own)).toBeLessThan(16_000)
      const kept: { attempt: number }[] = JSON.parse(own['enricher-history'] ?? '')
      const newest = history.slice(history.length - kept.length).map(({ attempt }) => attempt)
      expect(kept.map(({ attempt }) => attempt)).toEqual(newest)
      expect(kept.length).toBeGreaterThanOrEqual(Math.min(history.length, 2))
    }),
    { numRuns: 200 },
  )
})

test('what does not fit even compressed becomes a pointer to the record', () => {
  const value = randomBytes(3_200_000)
  const letter = toDeadLetter('dead', { ...delivery, value }, givenUp)
  expect(letter).toMatchObject({ key: delivery.key, value: null })
  expect(letter.headers).toMatchObject({
    ...delivery.headers,
    'enricher-original-topic': 'album.imported',
    'enricher-original-partition': '3',
    'enricher-original-offset': '42',
    'enricher-error-code': 'RECORD_TOO_LARGE',
    'enricher-cause-code': 'RECORD_INVALID',
    'enricher-value-bytes': '3200000',
    'enricher-value-sha256': createHash('sha256').update(value).digest('hex'),
  })
})

test('a large record that compresses well keeps its bytes', () => {
  const value = Buffer.alloc(5_000_000, 'na ')
  expect(toDeadLetter('dead', { ...delivery, value }, givenUp).value).toBe(value)
})

test('a pointer is small itself, whatever of the record is large', () => {
  const large = randomBytes(3_200_000)
  const byKey = toDeadLetter('dead', { ...delivery, key: large }, givenUp)
  expect([byKey.key, byKey.value]).toEqual([null, null])
  const byHeader = toDeadLetter('dead', { ...delivery, headers: { large } }, givenUp)
  expect(byHeader.headers).not.toHaveProperty('large')
  for (const { headers } of [byKey, byHeader]) expect(headerBytes(headers)).toBeLessThan(16_000)
})

test('README tells every header that a letter may bear, and no other', () => {
  const batch = { firstOffset: 1n, lastOffset: 2n, records: 2, bytes: 9, sha256: 'x' }
  const tooLarge = { ...delivery, value: randomBytes(4_000_000) }
  const all = { ...givenUp, requestId: 'x', history: [] }
  const letters = [
    toDeadLetter('dead', delivery, all),
    toDeadLetter('dead', tooLarge, all),
    toDeadLetter('dead', { ...delivery, fault: { error: givenUp.error, batch } }, all),
  ]
  const own = letters.flatMap(({ headers = {} }) => Object.keys(headers).filter((name) => name.startsWith('enricher-')))
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const rows = [...readme.matchAll(/^\| (`enricher-.*?) \|/gm)].map(([, names = '']) => names)
  const told = rows.flatMap((names) => [...names.matchAll(/`(.*?)`/g)].map(([, name = '']) => name))
  expect(told.map((name) => name.replace(/^-/, 'enricher-original-')).sort()).toEqual([...new Set(own)].sort())
})
