import { expect, test } from 'vitest'
import { findMarketplace } from '../src/marketplaces.ts'

test('a known site tells whether it has an index for music', () => {
  expect(findMarketplace('www.amazon.co.jp')).toEqual({ domain: 'www.amazon.co.jp', hasMusicIndex: true })
  expect(findMarketplace('www.amazon.com.br').hasMusicIndex).toBe(false)
})

test('an unknown site is a wrong setting, and the message lists the known ones', () => {
  expect(() => findMarketplace('amazon.com')).toThrow(/"amazon\.com" is not.*www\.amazon\.com, www\.amazon\.ca/)
})
