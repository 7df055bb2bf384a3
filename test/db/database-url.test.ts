import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { findUrlMistakes } from '../../src/database-url.ts'

const URL_OF = (parameters: string) => `postgresql://user:geheim@db.example/music?${parameters}`

test.each([
  ['ssl=true', /parameter ssl, wants none but sslmode/],
  ['sslmode=verify-full&sslrotcert=x', /parameter sslrotcert/],
  ['sslmode=on', /sslmode=on, wants disable, allow, prefer, require, verify-ca, verify-full/],
  ['sslmode=verify-full', /sslmode=verify-full, wants sslrootcert too/],
  ['sslmode=verify-ca&sslrootcert=system', /sslrootcert=system, wants sslmode=verify-full/],
  ['sslmode=verify-full&sslrootcert=/no/such.pem', /sslrootcert=\/no\/such\.pem, which cannot be read as PEM: ENOENT/],
  ['schema=Music-1', /schema=Music-1, wants a name of small letters, digits and _/],
  ['schema=pg_music', /schema=pg_music, wants a name .* which does not begin with pg_/],
  ['sslrootcert=/no/such.pem', /sslrootcert and no sslmode/],
  ['sslmode=require&sslcert=package.json&sslkey=package.json', /sslcert=package\.json.*the file holds no PEM/],
])('%s is an error that names the parameter', (parameters, expected) => {
  expect(findUrlMistakes(URL_OF(parameters)).join()).toMatch(expected)
  expect(() => loadConfig(['database'], { DATABASE_URL: URL_OF(parameters) })).toThrow(/ {2}DATABASE_URL: has/)
  expect(() => loadConfig(['database'], { DATABASE_URL: URL_OF(parameters) })).not.toThrow(/geheim/)
})

test('no parameter, or good ones, are no error', () => {
  for (const good of [
    '',
    'schema=music_1',
    'sslmode=disable',
    'sslmode=prefer',
    'sslmode=verify-full&sslrootcert=system',
  ])
    expect(findUrlMistakes(URL_OF(good))).toEqual([])
})
