import { expect, test } from 'vitest'
import { findBetter, isBetter } from '../../../src/enrich/artwork/find-better.ts'
import { sampleProduct } from '../../data/samples.ts'

const link = (asin: string, side: number) => {
  const image = { url: `https://m.media-amazon.com/images/I/${asin}.jpg`, width: side, height: side }
  return { asin, product: sampleProduct('Red', 'King Crimson', { asin, image }) }
}

test('a stored thumbnail gives way to a larger image, a good image to none', () => {
  const links = [link('B200', 200), link('B600', 600), link('B1500', 1500), link('unknown', 0)]
  expect(findBetter(links, { width: 160, height: 160 }).map(({ asin }) => asin)).toEqual(['B600', 'B1500'])
  expect(findBetter(links, { width: 500, height: 500 })).toEqual([])
  expect(isBetter({ width: 200, height: 200 }, { width: 600, height: 600 })).toBe(false)
})
