import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutText, storableText, storableValue } from '../src/storable-text.ts'

test('NUL and halves of characters are replaced, and nothing else is', () => {
  expect(storableText('a\0b')).toBe('a\ufffdb')
  expect(storableText('🎵'.slice(0, 1))).toBe('\ufffd')
  expect(storableText('Björk – Début 🎵\n')).toBe('Björk – Début 🎵\n')
})

test('a text is cut between characters', () => {
  expect(cutText('ab🎵c', 3)).toBe('ab')
  expect(cutText('ab🎵c', 4)).toBe('ab🎵')
  expect(cutText('ab', 4)).toBe('ab')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.nat(60), (text, most) => {
      const cut = cutText(text, most)
      expect(cut.isWellFormed() && cut.length <= most && text.startsWith(cut)).toBe(true)
    }),
  )
})

test('in a JSON text, values and names are made storable, though it tells of them in letters', () => {
  const json = JSON.stringify({ 'a\0': ['\ud83c', { b: 'c\0' }], fine: '🎵', n: 1, nothing: null })
  expect(JSON.parse(storableValue(json, true) as string)).toEqual({
    'a\ufffd': ['\ufffd', { b: 'c\ufffd' }],
    fine: '🎵',
    n: 1,
    nothing: null,
  })
})

test('what is storable stays the very same, and so does what is no text', () => {
  const bytes = Buffer.from('\0')
  for (const value of ['a', '["a"]', '{"a": 1 }', 1, null, bytes, [1, 'a', bytes]])
    for (const isJson of [false, true]) expect(storableValue(value, isJson)).toBe(value)
  expect(storableValue(['a', 'b\0', ['c\0']])).toEqual(['a', 'b\ufffd', ['c\ufffd']])
  for (const isJson of [false, true])
    expect(storableValue('[ "\\u0000 Sessions, no JSON', isJson)).toBe('[ "\\u0000 Sessions, no JSON')
})

test('a text that only looks like JSON stays byte for byte, whatever it tells of in letters', () => {
  for (const id of ['["src","\\ud835\\udd38"]', '["src", "\\ud835"]', '{"a": "\\u0000"}', '"\\\\u0000"'])
    expect([id, [id]].map((value) => storableValue(value))).toEqual([id, [id]])
  expect(storableValue('["\\ud835 and \0"]')).toBe('["\\ud835 and \ufffd"]')
})
