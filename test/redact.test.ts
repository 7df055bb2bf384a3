import { expect, test } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { EnrichmentError } from '../src/errors.ts'
import { hideSecret, hideSecretReadAnew, redact } from '../src/redact.ts'

test.each([
  ['connect to postgresql://enricher:pa55word@db:5432/x failed', 'connect to postgresql://(hidden)@db:5432/x failed'],
  ['header Authorization: Bearer abcdefghijkl refused', 'header Authorization: Bearer (hidden) refused'],
  ['Incorrect API key provided: sk-proj-abcdefgh1234.', 'Incorrect API key provided: (hidden).'],
  ['GET /?access_token=abcdefgh12&x=1', 'GET /?access_token=(hidden)&x=1'],
  ['{"client_secret":"abcdefgh12"}', '{"client_secret":"(hidden)"}'],
  ['token eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM', 'token (hidden)'],
  ['clear\u001b[2Jed\0', 'clear [2Jed\ufffd'],
  ['wrong password: see DATABASE_URL', 'wrong password: see DATABASE_URL'],
  [
    'AMAZON_CREDENTIAL_SECRET: is not set, wants the credential secret',
    'AMAZON_CREDENTIAL_SECRET: is not set, wants the credential secret',
  ],
])('%j is told as %j', (text, told) => {
  expect(redact(text)).toBe(told)
})

test('a secret among the settings is hidden wherever it appears, alone or as a URL has it', () => {
  loadConfig(['database'], { DATABASE_URL: 'postgresql://me:s%2Fcret-of-ours@localhost/x' })
  hideSecret('another secret of ours')
  const text = redact('says s/cret-of-ours, s%2Fcret-of-ours and another secret of ours')
  expect(text).toBe('says (hidden), (hidden) and (hidden)')
})

test('however many passwords are read anew, those of the settings stay hidden, and the last ones read', () => {
  hideSecret('a key that stays')
  hideSecretReadAnew('a password that is read again')
  for (let times = 0; times < 1_000; times += 1) {
    hideSecretReadAnew(`password-${times}-of-an-hour`)
    if (times % 50 === 0) hideSecretReadAnew('a password that is read again')
  }
  const told = redact('a key that stays, a password that is read again, password-999-of-an-hour, password-1-of-an-hour')
  expect(told).toBe('(hidden), (hidden), (hidden), password-1-of-an-hour')
})

test('every error of ours is redacted, and so is what caused it where it is logged', async () => {
  const error = new EnrichmentError('MODEL_UNAVAILABLE', 'the host says: Bearer abcdefghijkl')
  expect(error.message).toBe('the host says: Bearer (hidden)')
})

test('100 kB of hostile text take no time', () => {
  const parts = ['token=', 'Bearer ', '://a:', 'eyJ', 'sk-', '_-', '(', 'a', ' ', '\0', '\u001b', 'api_key" : "']
  for (const part of parts) {
    const text = part.repeat(100_000 / part.length)
    const from = performance.now()
    expect(redact(text).length).toBeLessThanOrEqual(20_000)
    expect(performance.now() - from, JSON.stringify(part)).toBeLessThan(500)
  }
})
