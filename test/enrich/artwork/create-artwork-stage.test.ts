import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Product } from '../../../src/album.ts'
import type { ArtworkLink } from '../../../src/enrich/artwork/choose-artwork.ts'
import { createArtworkStage } from '../../../src/enrich/artwork/create-artwork-stage.ts'
import type { StoredArtwork } from '../../../src/enrich/artwork/download-artwork.ts'
import { createObjectStore } from '../../../src/storage/object-store.ts'
import { type ImageStandIn, paintImage, startImageStandIn } from '../../stack/stand-ins/images.ts'

let folder: string
let host: ImageStandIn
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'artwork-'))
  host = await startImageStandIn()
})
afterEach(async () => {
  await host.close()
  await rm(folder, { recursive: true })
})

const never = new AbortController().signal
const claim = async () => {}
const link = (asin: string, path = `/images/I/${asin}.jpg`): ArtworkLink => ({
  asin,
  product: { asin, image: { url: host.url + path, width: 500, height: 500 } } as Product,
})
const run = (links: ArtworkLink[], location = folder, signal = never) =>
  createArtworkStage({ mode: 'download', hosts: [], insecureHost: host.host, store: createObjectStore(location) })(
    claim,
  )({ hasPrimaryImage: false }, links, signal)
const listFiles = async () => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort()
}

test('stores the best image and its variants; the folder holds exactly what is reported', async () => {
  const outcome = (await run([link('B1'), link('B2')])) as StoredArtwork
  const original = await paintImage('/images/I/B1.jpg')
  const sha256 = createHash('sha256').update(original).digest('hex')
  const metadata = await sharp(original).metadata()
  expect(outcome).toMatchObject({
    status: 'stored',
    asin: 'B1',
    url: `${host.url}/images/I/B1.jpg`,
    key: `artwork/${sha256.slice(0, 2)}/${sha256}/original.jpg`,
    sha256,
    bytes: original.length,
    width: metadata.width,
    height: metadata.height,
  })
  expect(await readFile(join(folder, outcome.key))).toEqual(original)
  expect(outcome.variants.map(({ size }) => size)).toEqual([250, 150, 100])
  for (const { size, key } of outcome.variants) {
    const { width, height, format } = await sharp(await readFile(join(folder, key))).metadata()
    expect([Math.max(width, height), format]).toEqual([size, 'jpeg'])
  }
  expect(await listFiles()).toEqual([outcome.key, ...outcome.variants.map(({ key }) => key)].sort())
  expect(host.totalCalls()).toBe(1)
})

test('keeps the same picture of two albums once and reports it twice alike', async () => {
  const first = await run([link('B1', '/images/I/same.png')])
  const second = await run([link('B2', '/images/I/same.png')])
  expect(second).toEqual({ ...first, asin: 'B2' })
  expect(await listFiles()).toHaveLength(4)
})

test('takes the next best image when the best fails, whatever its failure', async () => {
  const kinds = ['status', 'bomb', 'svg', 'truncated', 'html', 'cut'] as const
  for (const kind of kinds) host.behave({ kind, path: `/images/I/${kind}.jpg` })
  const outcome = await run([...kinds.map((kind) => link(kind)), link('good'), link('unasked')])
  expect(outcome).toMatchObject({ status: 'stored', asin: 'good' })
  expect(host.calls.has('/images/I/unasked.jpg')).toBe(false)
})

test.each(['placeholder', 'thumbnail'] as const)('a %s is no image: the next one, else none', async (kind) => {
  host.behave({ kind, path: '/images/I/B1.jpg' })
  expect(await run([link('B1'), link('B2')])).toMatchObject({ status: 'stored', asin: 'B2' })
  expect(await run([link('B1')])).toEqual({ status: 'none' })
})

test.each([
  ['bomb', 'ARTWORK_TOO_LARGE'],
  ['endless', 'ARTWORK_TOO_LARGE'],
  ['svg', 'ARTWORK_NOT_AN_IMAGE'],
  ['truncated', 'ARTWORK_NOT_AN_IMAGE'],
  ['html', 'ARTWORK_NOT_AN_IMAGE'],
] as const)('%s fails for good with %s and stores nothing', async (kind, code) => {
  host.behave({ kind })
  expect(await run([link('B1')])).toEqual({ status: 'failed', code, message: expect.stringContaining('B1') })
  expect(await listFiles()).toEqual([])
})

test('an SVG or a page that calls itself a JPEG is refused by its bytes', async () => {
  for (const kind of ['svg', 'html'] as const) {
    host.behave({ kind, contentType: 'image/jpeg' })
    expect(await run([link('B1')])).toMatchObject({ status: 'failed', code: 'ARTWORK_NOT_AN_IMAGE' })
  }
})

test('is pending when one failure was passing, and tells that one', async () => {
  host.behave({ kind: 'status', status: 404, path: '/images/I/B1.jpg' })
  host.behave({ kind: 'status', status: 503, path: '/images/I/B2.jpg' })
  host.behave({ kind: 'svg', path: '/images/I/B3.jpg' })
  expect(await run([link('B1'), link('B2'), link('B3')])).toEqual({
    status: 'pending',
    code: 'ARTWORK_UNAVAILABLE',
    message: expect.stringMatching(/B2\.jpg .*503/),
  })
})

test('tells the best image of several that fail for good', async () => {
  host.behave({ kind: 'status', status: 404 })
  expect(await run([link('B1'), link('B2')])).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('B1'),
  })
})

test('is pending when the store fails, and then downloads no further image', async () => {
  const file = join(folder, 'a-file')
  await writeFile(file, '')
  expect(await run([link('B1'), link('B2')], file)).toMatchObject({ status: 'pending', code: 'STORE_UNAVAILABLE' })
  expect(host.totalCalls()).toBe(1)
})

test('fetches nothing when the album has a primary image', async () => {
  const store = createObjectStore(folder)
  const stage = createArtworkStage({ mode: 'download', hosts: [], insecureHost: host.host, store })(claim)
  expect(await stage({ hasPrimaryImage: true }, [link('B1')], never)).toEqual({ status: 'kept' })
  expect(host.totalCalls()).toBe(0)
})

test("throws the signal's reason when it is aborted, and nothing else", async () => {
  const stop = new AbortController()
  const reason = new Error('the lane was lost')
  host.behave({ kind: 'stall' })
  const outcome = run([link('B1'), link('B2')], folder, stop.signal)
  stop.abort(reason)
  await expect(outcome).rejects.toBe(reason)
})

test('memory stays flat over 200 images', async () => {
  const store = createObjectStore(folder)
  const stage = createArtworkStage({ mode: 'download', hosts: [], insecureHost: host.host, store })(claim)
  const runMany = async (from: number, to: number) => {
    for (let n = from; n < to; n += 10) {
      const albums = Array.from({ length: 10 }, (_, i) => stage({ hasPrimaryImage: false }, [link(`M${n + i}`)], never))
      for (const outcome of await Promise.all(albums)) expect(outcome.status).toBe('stored')
    }
    return process.memoryUsage().rss / 2 ** 20
  }
  const warm = await runMany(0, 50)
  // A leak of the decoded pixels alone (0.7 MB each) would be 140 MB.
  expect((await runMany(50, 250)) - warm).toBeLessThan(70)
})
