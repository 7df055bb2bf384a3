import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { parseRetryDelays } from '../src/retry-delays.ts'

test('delays become tiers with the labels as they are written', () => {
  expect(parseRetryDelays('1s, 5m,2h')).toEqual([
    { label: '1s', delayMs: 1_000 },
    { label: '5m', delayMs: 300_000 },
    { label: '2h', delayMs: 7_200_000 },
  ])
})

test.each([
  '',
  '1m,',
  '0s',
  '500ms',
  '1.5s',
  '-1s',
  '1',
  '1d',
  '2m,1m',
  '60s,1m',
  '169h',
  '1s,2s,3s,4s,5s,6s,7s,8s,9s,10s,11s',
  '1s;2s',
])('%j is refused', (text) => {
  expect(parseRetryDelays(text)).toBeNull()
  if (text === '') return
  expect(() => loadConfig(['kafka'], { KAFKA_BROKERS: 'kafka:9092', RETRY_DELAYS: text })).toThrow(/RETRY_DELAYS: got/)
})

test('whatever the text, tiers ascend or there are none', () => {
  const part = fc.oneof(fc.string(), fc.stringMatching(/^\d{1,7}[smhd]$/))
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const delays = parseRetryDelays(parts.join(','))?.map(({ delayMs }) => delayMs) ?? []
      expect(delays).toEqual([...new Set(delays)].sort((a, b) => a - b))
    }),
  )
})
