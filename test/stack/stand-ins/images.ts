import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

/** How to answer instead of with an image. */
export interface Misbehaviour {
  /**
   * status: an error of `status`. stall: no answer. pause: a head, a byte and no more. slow: a byte every 20 ms for
   * ever. endless: bytes for ever.
   * bomb: a PNG of some kB with 100 million pixels. svg, html: what they say. truncated: half a JPEG. cut: half of what
   * the header promised. redirect: to `location`. placeholder: Amazon's GIF of 1 x 1. thumbnail: a true cover of 75 x 75.
   */
  kind:
    | 'status'
    | 'stall'
    | 'pause'
    | 'slow'
    | 'endless'
    | 'bomb'
    | 'svg'
    | 'truncated'
    | 'cut'
    | 'html'
    | 'redirect'
    | 'placeholder'
    | 'thumbnail'
  /** Only for this path; absent: for all. */
  path?: string
  /** How often; absent: always. */
  times?: number
  status?: number
  location?: string
  /** Instead of the true one. */
  contentType?: string
}

export interface ImageStandIn {
  url: string
  /** `127.0.0.1:PORT`, for the setting of the insecure host. */
  host: string
  /** Requests by path. */
  calls: Map<string, number>
  /** What called itself how, in the order of the requests. */
  agents: string[]
  /** All requests. */
  totalCalls: () => number
  /** Adds a misbehaviour; the one added last goes first. */
  behave: (misbehaviour: Misbehaviour) => void
  /** Forgets misbehaviours and calls. */
  reset: () => void
  close: () => Promise<void>
}

/**
 * An image host on 127.0.0.1. Every path has its own picture, always the same: a PNG where the path ends in `.png`, a
 * JPEG of about 500 x 500 pixels elsewhere.
 *
 * @param options.port 0 or absent: a free one
 * @param options.tls PEM; given: the server speaks https
 * @param options.picture the JPEG of a path, instead of one painted when it is asked for
 */
export async function startImageStandIn(
  options: {
    port?: number
    address?: string
    tls?: { key: string; cert: string }
    picture?: (pathname: string) => Promise<Buffer>
  } = {},
): Promise<ImageStandIn> {
  const { port = 0, address = '127.0.0.1', tls, picture = paintImage } = options
  const calls = new Map<string, number>()
  const agents: string[] = []
  const misbehaviours: Misbehaviour[] = []

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://stand-in')
    agents.push(request.headers['user-agent'] ?? '')
    calls.set(pathname, (calls.get(pathname) ?? 0) + 1)
    const at = misbehaviours.findIndex(({ path }) => path === undefined || path === pathname)
    const misbehaviour = misbehaviours[at]
    if (misbehaviour === undefined) {
      const type = pathname.endsWith('.png') ? 'image/png' : 'image/jpeg'
      return send(response, type, await picture(pathname))
    }
    if (misbehaviour.times !== undefined && --misbehaviour.times <= 0) misbehaviours.splice(at, 1)
    await misbehave(misbehaviour, pathname, response)
  }
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((fault: Error) => response.destroy(fault))
  }

  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  await new Promise<void>((ready, fail) => server.once('error', fail).listen(port, address, ready))
  const host = `${address}:${(server.address() as AddressInfo).port}`
  return {
    url: `${tls ? 'https' : 'http'}://${host}`,
    host,
    calls,
    agents,
    totalCalls: () => [...calls.values()].reduce((sum, count) => sum + count, 0),
    behave: (misbehaviour) => {
      misbehaviours.unshift({ ...misbehaviour })
    },
    reset: () => {
      misbehaviours.length = 0
      calls.clear()
      agents.length = 0
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

async function misbehave(wanted: Misbehaviour, pathname: string, response: ServerResponse): Promise<void> {
  const { kind, contentType } = wanted
  const type = (usual: string) => contentType ?? usual
  if (kind === 'status') send(response, type('text/plain'), Buffer.from('no'), wanted.status ?? 500)
  else if (kind === 'redirect') response.writeHead(302, { location: wanted.location ?? '/' }).end()
  else if (kind === 'svg') send(response, type('image/svg+xml'), Buffer.from(SVG))
  else if (kind === 'html') send(response, type('text/html'), Buffer.from('<!doctype html><title>Not here</title>'))
  else if (kind === 'placeholder') send(response, type('image/gif'), Buffer.from(PLACEHOLDER, 'base64'))
  else if (kind === 'thumbnail')
    send(
      response,
      type('image/jpeg'),
      await sharp(await paintImage(pathname))
        .resize(75, 75)
        .jpeg()
        .toBuffer(),
    )
  else if (kind === 'bomb') send(response, type('image/png'), makeBomb())
  else if (kind === 'endless') sendForEver(response, type('image/jpeg'), Buffer.alloc(65_536), 0)
  else if (kind === 'slow') sendForEver(response, type('image/jpeg'), Buffer.alloc(1), 20)
  else if (kind === 'pause') response.writeHead(200, { 'content-type': type('image/jpeg') }).write('.')
  else if (kind === 'truncated' || kind === 'cut') {
    const whole = await paintImage(pathname)
    const half = whole.subarray(0, whole.length / 2)
    if (kind === 'truncated') return send(response, type('image/jpeg'), half)
    response.writeHead(200, { 'content-type': type('image/jpeg'), 'content-length': whole.length })
    response.write(half, () => response.destroy())
  }
}

/** What images-na.ssl-images-amazon.com answers, with status 200, for a product without an image. */
const PLACEHOLDER = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500"><rect width="500" height="500"/></svg>'

function send(response: ServerResponse, contentType: string, body: Buffer, status = 200): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': body.length }).end(body)
}

function sendForEver(response: ServerResponse, contentType: string, piece: Buffer, pauseMs: number): void {
  response.writeHead(200, { 'content-type': contentType })
  const more = () => {
    if (response.destroyed) return
    if (response.write(piece)) setTimeout(more, pauseMs)
    else response.once('drain', more)
  }
  more()
}

/** A picture made from the path: stripes in colours of its hash. */
export async function paintImage(pathname: string): Promise<Buffer> {
  const seed = createHash('sha256').update(pathname).digest()
  const byte = (at: number) => seed[at % seed.length] ?? 0
  const width = 480 + (byte(0) % 41)
  const height = 480 + (byte(1) % 41)
  const pixels = Buffer.alloc(width * height * 3)
  for (let y = 0; y < height; y++) {
    const stripe = Math.floor(y / 32) * 3
    const row = Buffer.from([byte(stripe), byte(stripe + 1), byte(stripe + 2)])
    pixels.fill(row, y * width * 3, (y + 1) * width * 3)
  }
  const image = sharp(pixels, { raw: { width, height, channels: 3 } })
  return await (pathname.endsWith('.png') ? image.png() : image.jpeg({ quality: 80 })).toBuffer()
}

/** Black pixels of one bit: 10,000 x 10,000 of them are 12 kB. */
export function makeBomb(width = 10_000, height = 10_000): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.writeUInt8(1, 8)
  const pixels = deflateSync(Buffer.alloc(height * (Math.ceil(width / 8) + 1)), { level: 9 })
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
