import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Delivery, RecordHeaders } from '../../src/kafka/delivery.ts'
import { headerBytes } from '../../src/kafka/record-size.ts'
import { cutToBytes, readRetryHeaders, toRetryHeaders, withoutOwnHeaders } from '../../src/retry/retry-headers.ts'

const ABSENT = {
  run: 1,
  attempt: 0,
  uncounted: 0,
  firstFailedAt: null,
  notBefore: null,
  waitsSince: null,
  requestId: null,
}
const hop = {
  run: 2,
  attempt: 3,
  notBefore: 1_767_225_660_000,
  firstFailedAt: 1_767_225_600_000,
  stage: 'search',
  error: { code: 'AMAZON_UNAVAILABLE', message: 'status 503' },
  requestId: '5f0c5d3e-0a3f-4b7e-9a5e-0d7f0f1f2a3b',
} as const

function aDelivery(changes: Partial<Delivery> = {}): Delivery {
  const position = { topic: 'album.enrichment', partition: 0, offset: 42n, nextOffset: 43n }
  return {
    ...position,
    timestamp: 1_767_225_500_000,
    key: Buffer.from('4711'),
    value: Buffer.from([0]),
    headers: {},
    ...changes,
  }
}

/** As they come back from Kafka. */
const asBytes = (headers: Record<string, string>): RecordHeaders =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]))

test('a retry copy says where the request first stood, how it failed and when it is due', () => {
  const headers = toRetryHeaders(aDelivery(), hop)
  expect(headers).toEqual({
    'enricher-original-topic': 'album.enrichment',
    'enricher-original-partition': '0',
    'enricher-original-offset': '42',
    'enricher-original-timestamp': '2025-12-31T23:58:20.000Z',
    'enricher-first-failed-at': '2026-01-01T00:00:00.000Z',
    'enricher-run': '2',
    'enricher-attempt': '3',
    'enricher-stage': 'search',
    'enricher-error-code': 'AMAZON_UNAVAILABLE',
    'enricher-error-message': 'status 503',
    'enricher-request-id': hop.requestId,
    'enricher-not-before': '2026-01-01T00:01:00.000Z',
  })
  const { run, attempt, firstFailedAt, notBefore, requestId } = hop
  expect(readRetryHeaders(asBytes(headers))).toEqual({ ...ABSENT, run, attempt, firstFailedAt, notBefore, requestId })
})

test('a copy that was only asked to come later says so, and since when its waiting does not count', () => {
  const waitsSince = hop.notBefore - 60_000
  const headers = toRetryHeaders(aDelivery(), { ...hop, waitsSince, uncounted: 2 })
  expect(headers).toMatchObject({
    'enricher-waits-since': '2026-01-01T00:00:00.000Z',
    'enricher-uncounted': '2',
  })
  expect(readRetryHeaders(asBytes(headers))).toMatchObject({ attempt: 3, uncounted: 2, waitsSince })
})

test('the origin is set once: a later hop keeps it, unless it is not whole', () => {
  const first = asBytes(toRetryHeaders(aDelivery(), hop))
  const second = aDelivery({ topic: 'album.enrichment.express', offset: 7n, headers: first })
  expect(toRetryHeaders(second, hop)).toMatchObject({
    'enricher-original-topic': 'album.enrichment',
    'enricher-original-offset': '42',
  })
  const torn = { ...second, headers: { ...first, 'enricher-original-offset': Buffer.from('-1') } }
  expect(toRetryHeaders(torn, hop)).toMatchObject({
    'enricher-original-topic': 'album.enrichment.express',
    'enricher-original-offset': '7',
  })
})

test.each([
  '',
  '0',
  '-1',
  '+1',
  '1.5',
  '1e3',
  ' 1',
  '01',
  '0x10',
  'NaN',
  'Infinity',
  '9007199254740993',
  '1'.repeat(100_000),
])('a count of %j counts as absent', (text) => {
  const headers = { 'enricher-run': Buffer.from(text), 'enricher-attempt': text }
  expect(readRetryHeaders(headers)).toEqual(ABSENT)
})

test.each([
  '1767225660000',
  '2026-01-01',
  '2026-01-01T00:01:00Z',
  '2026-02-30T00:00:00.000Z',
  '2026-01-01T25:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
  'tomorrow',
])('a time of %j counts as absent', (text) => {
  const headers = { 'enricher-not-before': Buffer.from(text), 'enricher-first-failed-at': text }
  expect(readRetryHeaders(headers)).toEqual(ABSENT)
})

test('a repeated header counts as absent, be its values as good as they may', () => {
  const good = asBytes(toRetryHeaders(aDelivery(), hop))
  const repeated = Object.fromEntries(Object.entries(good).map(([name, value]) => [name, [value, value].flat()]))
  expect(readRetryHeaders(repeated)).toEqual(ABSENT)
})

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double().map(String),
  fc.bigInt().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
)
const value = fc.oneof(bytes, text, text.map(Buffer.from), fc.array(fc.oneof(bytes, text), { maxLength: 3 }))
const name = fc.oneof(
  fc.constantFrom(
    ...Object.keys(toRetryHeaders(aDelivery(), { ...hop, waitsSince: 0, uncounted: 1 })),
    '__proto__',
    'constructor',
  ),
  fc.string(),
)
const hostile = fc.array(fc.tuple(name, value)).map((entries) => Object.fromEntries(entries) as RecordHeaders)

test('whatever the headers, reading them never throws, and what is read could have been written', () => {
  fc.assert(
    fc.property(hostile, fc.double(), (headers, timestamp) => {
      const read = readRetryHeaders(headers)
      expect(read.run).toBeGreaterThanOrEqual(1)
      expect(read.attempt).toBeGreaterThanOrEqual(0)
      expect(Number.isSafeInteger(read.run + read.attempt)).toBe(true)
      const times = {
        firstFailedAt: read.firstFailedAt ?? 0,
        notBefore: read.notBefore ?? 0,
        waitsSince: read.waitsSince ?? 0,
        uncounted: read.uncounted,
      }
      const written = toRetryHeaders(aDelivery({ headers, timestamp }), { ...hop, ...times, run: read.run })
      const { attempt, requestId } = hop
      expect(readRetryHeaders(written)).toEqual({ ...times, run: read.run, attempt, requestId })
      expect(headerBytes(written)).toBeLessThan(4_000)
    }),
    { numRuns: 2_000 },
  )
})

test('of foreign headers every one passes unchanged, and of our names none', () => {
  fc.assert(
    fc.property(hostile, (headers) => {
      const foreign = withoutOwnHeaders(headers)
      const names = Object.keys(headers).filter((each) => !each.startsWith('enricher-'))
      expect(Object.keys(foreign)).toEqual(names)
      for (const each of names) expect(foreign[each]).toBe(headers[each])
    }),
  )
})

test('a text is cut between characters, and holds nothing that a page or a JSON column refuses', () => {
  expect(cutToBytes('a\u00e9\u20ac', 5)).toBe('a\u00e9')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(50), (long, most) => {
      const cut = cutToBytes(long, most)
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(most)
      expect(cut.isWellFormed() && !cut.includes('\0')).toBe(true)
    }),
  )
})
