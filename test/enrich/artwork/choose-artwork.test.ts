import { expect, test } from 'vitest'
import type { Image, Product } from '../../../src/album.ts'
import { type ArtworkLink, chooseArtwork } from '../../../src/enrich/artwork/choose-artwork.ts'

const image = (id: string): Image => ({ url: `https://m.media-amazon.com/images/I/${id}.jpg`, width: 500, height: 500 })
const link = (asin: string, image: Image | null): ArtworkLink => ({ asin, product: { asin, image } as Product })
const links = [link('B1', null), link('B2', image('two')), link('B3', image('two')), link('B4', image('four'))]

test('downloads from the matched products that have an image, best first, each picture once', () => {
  expect(chooseArtwork('download', false, links)).toEqual({
    status: 'download',
    candidates: [
      { asin: 'B2', image: image('two') },
      { asin: 'B4', image: image('four') },
    ],
  })
})

test('links the best image and downloads nothing in mode link', () => {
  expect(chooseArtwork('link', false, links)).toEqual({ status: 'linked', asin: 'B2', url: image('two').url })
})

test('keeps the primary image that the album has', () => {
  expect(chooseArtwork('download', true, links)).toEqual({ status: 'kept' })
  expect(chooseArtwork('link', true, links)).toEqual({ status: 'kept' })
})

test('is off in mode off, whatever the album has', () => {
  expect(chooseArtwork('off', false, links)).toEqual({ status: 'off' })
  expect(chooseArtwork('off', true, links)).toEqual({ status: 'off' })
})

test('is none when no matched product has an image', () => {
  expect(chooseArtwork('download', false, [link('B1', null)])).toEqual({ status: 'none' })
  expect(chooseArtwork('link', false, [])).toEqual({ status: 'none' })
})

test('takes 600 px before 75 or 160, and between good ones the better product', () => {
  const sized = (asin: string, side: number) => link(asin, { ...image(asin), width: side, height: side })
  const order = (...links: ArtworkLink[]) => {
    const choice = chooseArtwork('download', false, links)
    return choice.status === 'download' ? choice.candidates.map(({ asin }) => asin) : choice.status
  }
  expect(order(sized('B75', 75), sized('B160', 160), sized('B600', 600))).toEqual(['B600', 'B160'])
  expect(order(sized('B500', 500), sized('B1500', 1500), sized('unknown', 0))).toEqual(['B500', 'B1500', 'unknown'])
  expect(order(sized('B1', 1))).toBe('none')
  expect(chooseArtwork('link', false, [sized('B75', 75), sized('B600', 600)])).toMatchObject({ asin: 'B600' })
})
