import { expect, test } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import type { Delivery } from '../../src/kafka/delivery.ts'
import { toDeadLetter } from '../../src/retry/dead-letter.ts'

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
  expect(headers).toMatchObject({
    ...delivery.headers,
    'enricher-original-topic': 'album.imported',
    'enricher-original-partition': '3',
    'enricher-original-offset': '42',
    'enricher-original-timestamp': '2026-01-01T00:00:00.000Z',
    'enricher-first-failed-at': '1970-01-01T00:00:00.000Z',
    'enricher-error-code': 'RECORD_INVALID',
  })
})

test('headers stay small however long the message and the history', () => {
  const history = Array.from({ length: 500 }, (_, attempt) => ({ attempt, message: 'y'.repeat(100) }))
  const { headers = {} } = toDeadLetter('dead', delivery, { ...givenUp, history })
  expect(headers['enricher-error-message']?.length).toBe(2_000)
  const kept = JSON.parse(String(headers['enricher-history']))
  expect(kept.at(-1).attempt).toBe(499)
  expect(JSON.stringify(headers).length).toBeLessThan(16_000)
})
