import { afterEach, expect, test, vi } from 'vitest'
import { downloadArtwork } from '../../../src/enrich/artwork/download-artwork.ts'
import { EnrichmentError } from '../../../src/errors.ts'
import type { ObjectStore } from '../../../src/storage/object-store.ts'

afterEach(() => vi.restoreAllMocks())

const never = new AbortController().signal
const candidates = ['B1', 'B2', 'B3', 'B4'].map((asin) => ({
  asin,
  image: { url: `https://m.media-amazon.com/images/I/${asin}.jpg`, width: 500, height: 500 },
}))
const claim = async () => {}
const store: ObjectStore = { put: async () => false, exists: async () => false, removeAll: async () => {} }

test('begins no further image when they have taken too long, and is pending', async () => {
  let now = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const asked: string[] = []
  const fetchImage = async (url: string) => {
    asked.push(url)
    now += 7_000
    throw new EnrichmentError('ARTWORK_NOT_FOUND', 'gone')
  }
  expect(await downloadArtwork(candidates, { fetchImage, store, claim }, never)).toEqual({
    status: 'pending',
    code: 'ARTWORK_UNAVAILABLE',
    message: 'No time was left for the image of product B3.',
  })
  expect(asked).toHaveLength(2)
})

test('is none without candidates', async () => {
  const fetchImage = async () => Promise.reject(new Error('asked'))
  expect(await downloadArtwork([], { fetchImage, store, claim }, never)).toEqual({ status: 'none' })
})

test('a fault of ours is an answer too', async () => {
  const fetchImage = async () => Promise.reject(new TypeError('x is not a function'))
  expect(await downloadArtwork(candidates, { fetchImage, store, claim }, never)).toEqual({
    status: 'failed',
    code: 'INTERNAL',
    message: 'x is not a function',
  })
})
