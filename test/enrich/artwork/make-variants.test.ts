import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { ImageDecoder } from '../../../src/enrich/artwork/image-decoder.ts'
import { makeVariants } from '../../../src/enrich/artwork/make-variants.ts'
import { listTree } from '../../stack/processes.ts'
import { makeBomb, paintImage } from '../../stack/stand-ins/images.ts'

const create = (width: number, height: number, background = 'red') =>
  sharp({ create: { width, height, channels: 3, background } })

async function describeVariants(bytes: Uint8Array) {
  const { variants, ...rest } = await makeVariants(bytes, 'The image')
  const sizes = await Promise.all(
    variants.map(async ({ size, bytes }) => {
      const { width, height, format } = await sharp(bytes).metadata()
      return { size, width, height, format }
    }),
  )
  return { ...rest, sizes }
}

describe('makes three JPEGs that keep the proportions', () => {
  test('of a wide JPEG', async () => {
    expect(await describeVariants(await create(1000, 500).jpeg().toBuffer())).toEqual({
      extension: 'jpg',
      contentType: 'image/jpeg',
      width: 1000,
      height: 500,
      sizes: [
        { size: 250, width: 250, height: 125, format: 'jpeg' },
        { size: 150, width: 150, height: 75, format: 'jpeg' },
        { size: 100, width: 100, height: 50, format: 'jpeg' },
      ],
    })
  })

  test('and never enlarges a small image', async () => {
    const { sizes } = await describeVariants(await create(120, 60).png().toBuffer())
    expect(sizes.map(({ width, height }) => [width, height])).toEqual([
      [120, 60],
      [120, 60],
      [100, 50],
    ])
  })

  test('of a picture one pixel wide', async () => {
    const { sizes } = await describeVariants(await create(1, 5000).png().toBuffer())
    expect(sizes.map(({ width, height }) => [width, height])).toEqual([
      [1, 250],
      [1, 150],
      [1, 100],
    ])
  })

  const pixels = create(300, 300)
  test.each([
    ['webp', () => pixels.webp().toBuffer()],
    ['gif', () => pixels.gif().toBuffer()],
    ['png', () => pixels.png({ palette: true }).toBuffer()],
    ['png', () => pixels.toColourspace('rgb16').png().toBuffer()],
    ['png', () => pixels.clone().greyscale().toColourspace('b-w').png().toBuffer()],
    ['jpg', () => pixels.toColourspace('cmyk').jpeg().toBuffer()],
    ['jpg', () => pixels.jpeg({ progressive: true }).toBuffer()],
  ])('of a %s, in every kind of colour (%#)', async (extension, make) => {
    const image = await describeVariants(await make())
    expect(image).toMatchObject({ extension, width: 300, height: 300 })
    expect(image.sizes.map(({ width }) => width)).toEqual([250, 150, 100])
  })
})

test('keeps the colour of what it shrinks and shows transparency as white', async () => {
  const red = await makeVariants(await create(500, 500, '#c02010').jpeg().toBuffer(), 'The image')
  const clear = await sharp({ create: { width: 500, height: 500, channels: 4, background: '#00000000' } })
    .png()
    .toBuffer()
  const white = await makeVariants(clear, 'The image')
  const meanOf = async (bytes: Uint8Array | undefined) =>
    (await sharp(bytes).stats()).channels.slice(0, 3).map(({ mean }) => Math.round(mean))
  const [r = 0, g = 0, b = 0] = await meanOf(red.variants[2]?.bytes)
  expect([Math.abs(r - 0xc0), Math.abs(g - 0x20), Math.abs(b - 0x10)].every((off) => off <= 3)).toBe(true)
  expect(await meanOf(white.variants[0]?.bytes)).toEqual([255, 255, 255])
})

test('applies the orientation and strips all metadata', async () => {
  const sideways = await create(400, 200).withMetadata({ orientation: 6 }).jpeg().toBuffer()
  expect((await sharp(sideways).metadata()).exif).toBeDefined()
  const { width, height, variants } = await makeVariants(sideways, 'The image')
  expect([width, height]).toEqual([200, 400])
  const metadata = await sharp(variants[0]?.bytes).metadata()
  expect([metadata.width, metadata.height]).toEqual([125, 250])
  expect([metadata.exif, metadata.icc, metadata.orientation]).toEqual([undefined, undefined, undefined])
})

describe('refuses', () => {
  test.each([
    ['SVG behind an XML declaration', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['HTML', '<!doctype html><title>Sign in</title>'],
    ['PDF', '%PDF-1.7\n'],
    ['nothing', ''],
    ['a JPEG signature and nothing else', '\xff\xd8\xff\xe0'],
  ])('%s', async (_what, text) => {
    const refused = makeVariants(Buffer.from(text, 'latin1'), 'The image of product B000')
    await expect(refused).rejects.toMatchObject({
      code: 'ARTWORK_NOT_AN_IMAGE',
      message: expect.stringContaining('The image of product B000'),
    })
  })

  test.each([
    ['SVG', async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ['TIFF', () => create(9, 9).tiff().toBuffer()],
    ['AVIF', () => create(9, 9).avif().toBuffer()],
  ])('%s, which the library could read, before any decoder sees it', async (_format, make) => {
    await expect(makeVariants(await make(), 'The image')).rejects.toMatchObject({
      code: 'ARTWORK_NOT_AN_IMAGE',
      message: expect.stringContaining('unsupported image format'),
    })
  })

  test.each([['.jpg'], ['.png']])('a truncated %s, wherever it is cut', async (ending) => {
    const whole = await paintImage(`/truncated${ending}`)
    for (const part of [0.1, 0.5, 0.9, 0.99]) {
      const cut = makeVariants(whole.subarray(0, whole.length * part), 'The image')
      await expect(cut).rejects.toMatchObject({ code: 'ARTWORK_NOT_AN_IMAGE' })
    }
  })

  test('a small file that decodes to 100 million pixels', async () => {
    const bomb = makeBomb()
    expect(bomb.length).toBeLessThan(50_000)
    const before = process.memoryUsage().rss
    await expect(makeVariants(bomb, 'The image')).rejects.toMatchObject({
      code: 'ARTWORK_TOO_LARGE',
      message: expect.stringContaining('10000 x 10000'),
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 2 ** 20)
  })
})

test('decodes at most two images at a time, each in a process of its own', async () => {
  const image = await create(3000, 3000).jpeg().toBuffer()
  const seen: number[] = []
  const sampling = setInterval(() => seen.push(listTree(process.pid).length - 1), 20)
  try {
    await Promise.all(Array.from({ length: 10 }, () => makeVariants(image, 'The image')))
  } finally {
    clearInterval(sampling)
  }
  expect(Math.max(...seen)).toBe(2)
})

test('an image that keeps its decoder busy ends it after 10 s, and the next one is decoded', async () => {
  // Valid, of 97 kB, and 20 s of work.
  const tall = makeBomb(1, 49_999_999)
  const from = performance.now()
  const outcomes = await Promise.allSettled([makeVariants(tall, 'The image'), makeVariants(tall, 'The image')])
  const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'decoded'))
  // A fast machine may manage; none may take longer.
  for (const code of codes) expect(['ARTWORK_TOO_LARGE', 'decoded']).toContain(code)
  expect(performance.now() - from).toBeLessThan(25_000)
  await makeVariants(await create(10, 10).png().toBuffer(), 'The image')
})

test('what kills two decoders is no image, one death alone is anything, and the next one is decoded', async () => {
  const image = await create(5000, 5000).png({ compressionLevel: 0 }).toBuffer()
  const small = await create(10, 10).png().toBuffer()
  /** Each of its processes is killed once it is there, up to so many; those of the tests before may be idle yet. */
  const decodeKilling = async (most: number) => {
    const others = new Set(listTree(process.pid))
    const killed = new Set<number>()
    const decoder = new ImageDecoder()
    let isOver = false
    const decoding = decoder.decode({ bytes: image, name: 'The image of product B000' }).finally(() => {
      isOver = true
    })
    decoding.catch(() => undefined)
    const killing = () => {
      for (const pid of listTree(process.pid)) {
        if (others.has(pid) || killed.has(pid) || killed.size >= most) continue
        killed.add(pid)
        process.kill(pid, 'SIGKILL')
      }
      return isOver
    }
    await expect.poll(killing, { interval: 5 }).toBe(true)
    expect(killed.size).toBe(most)
    return { outcome: decoding, next: () => decoder.decode({ bytes: small, name: 'The image' }) }
  }
  const survived = await decodeKilling(1)
  expect(await survived.outcome).toMatchObject({ width: 5000 })
  const deadly = await decodeKilling(2)
  await expect(deadly.outcome).rejects.toMatchObject({
    code: 'ARTWORK_NOT_AN_IMAGE',
    message: expect.stringContaining('The image of product B000 ended 2 decoders'),
  })
  expect(await deadly.next()).toMatchObject({ width: 10 })
})
