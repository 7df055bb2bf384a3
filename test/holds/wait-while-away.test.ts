import { expect, test } from 'vitest'
import { EnrichmentError, type ErrorCode } from '../../src/errors.ts'
import { waitWhileAway } from '../../src/holds/wait-while-away.ts'
import { createLogger } from '../../src/log.ts'

test('what is waited for is told when it begins, when it becomes another, and when it is over', async () => {
  const fails: ErrorCode[] = ['DATABASE_UNAVAILABLE', 'DATABASE_UNAVAILABLE', 'DATABASE_READ_ONLY']
  const work = async () => {
    const code = fails.shift()
    if (code !== undefined) throw new EnrichmentError(code, 'PostgreSQL')
    return 'done'
  }
  const told: (ErrorCode | null)[] = []
  const tell = (away: EnrichmentError | null) => void told.push(away === null ? null : away.code)
  const { signal } = new AbortController()
  expect(await waitWhileAway('intake', work, createLogger('fatal'), signal, tell)).toBe('done')
  expect(told).toEqual(['DATABASE_UNAVAILABLE', 'DATABASE_READ_ONLY', null])
})
