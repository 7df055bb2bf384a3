import { describe, expect, it } from 'vitest'
import { readRetryAfter } from '../../src/model/to-model-error.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const read = (headers: Record<string, string>) => readRetryAfter(new Headers(headers), NOW)

describe('readRetryAfter', () => {
  it('reads seconds, milliseconds and dates', () => {
    expect(read({ 'retry-after': '120' })).toBe(120_000)
    expect(read({ 'retry-after': '1', 'retry-after-ms': '1250' })).toBe(1250)
    expect(read({ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' })).toBe(60_000)
  })

  it.each([{}, { 'retry-after': 'soon' }, { 'retry-after': '-5' }, { 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }])(
    'has no time to tell from %j',
    (headers) => {
      expect(read(headers as Record<string, string>)).toBeUndefined()
    },
  )
})
