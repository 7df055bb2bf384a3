import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createImageAgents, type Network } from '../../../src/enrich/artwork/create-image-agents.ts'
import { FETCH_LIMITS, type FetchOptions, fetchImage } from '../../../src/enrich/artwork/fetch-image.ts'
import { isPublicAddress } from '../../../src/enrich/artwork/is-public-address.ts'
import { type ImageStandIn, paintImage, startImageStandIn } from '../../stack/stand-ins/images.ts'

const PATH = '/images/I/51abc.jpg'
const never = new AbortController().signal

describe('over http, from the insecure host', () => {
  let host: ImageStandIn
  let options: FetchOptions
  beforeEach(async () => {
    host = await startImageStandIn()
    // Short, so that the tests of what never ends do.
    const limits = { totalMs: 400, headersMs: 5_000, idleMs: 5_000, maxBytes: 100_000 }
    const network = { lookup: async () => [], isPublicAddress }
    options = { hosts: [], insecureHost: host.host, agents: createImageAgents(network), limits }
  })
  afterEach(async () => await host.close())

  const fetchIt = (path = PATH) => fetchImage(host.url + path, options, never)
  const refuses = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) })

  test('downloads the bytes as they are', async () => {
    expect(await fetchIt()).toEqual(await paintImage(PATH))
  })

  test('follows three redirects and no fourth', async () => {
    for (const [from, to] of ['ab', 'bc', 'cd', 'de']) {
      host.behave({ kind: 'redirect', path: `/${from}.jpg`, location: `/${to}.jpg` })
    }
    expect(await fetchIt('/b.jpg')).toEqual(await paintImage('/e.jpg'))
    await expect(fetchIt('/a.jpg')).rejects.toMatchObject(refuses('ARTWORK_NOT_FOUND', /more than 3 redirects/))
    expect(host.calls.get('/e.jpg')).toBe(1)
  })

  test.each([
    ['a private address', 'http://10.0.0.1/a.jpg', 'ARTWORK_ADDRESS_REFUSED'],
    ['a metadata address', 'http://169.254.169.254/latest/meta-data/', 'ARTWORK_ADDRESS_REFUSED'],
    ['a metadata address in decimal', 'http://2852039166/', 'ARTWORK_ADDRESS_REFUSED'],
    ['another service on the same machine', 'http://127.0.0.1:1/a.jpg', 'ARTWORK_ADDRESS_REFUSED'],
    ['loopback in IPv6', 'https://[::1]/a.jpg', 'ARTWORK_ADDRESS_REFUSED'],
    ['another host', 'https://example.com/a.jpg', 'ARTWORK_HOST_REFUSED'],
    ['a file', 'file:///etc/passwd', 'ARTWORK_HOST_REFUSED'],
  ])('refuses a redirect to %s', async (_what, location, code) => {
    host.behave({ kind: 'redirect', location })
    await expect(fetchIt()).rejects.toMatchObject({ code })
    expect(host.totalCalls()).toBe(1)
  })

  test.each([
    [403, 'ARTWORK_NOT_FOUND'],
    [404, 'ARTWORK_NOT_FOUND'],
    [410, 'ARTWORK_NOT_FOUND'],
    [204, 'ARTWORK_NOT_FOUND'],
    [304, 'ARTWORK_NOT_FOUND'],
    [408, 'ARTWORK_UNAVAILABLE'],
    [429, 'ARTWORK_UNAVAILABLE'],
    [500, 'ARTWORK_UNAVAILABLE'],
    [503, 'ARTWORK_UNAVAILABLE'],
  ])('status %d is %s', async (status, code) => {
    host.behave({ kind: 'status', status, contentType: 'image/jpeg' })
    await expect(fetchIt()).rejects.toMatchObject(refuses(code, new RegExp(`51abc.jpg .*status ${status}`)))
  })

  test('a guard with a page for people may let us pass later, and we say who we are', async () => {
    host.behave({ kind: 'status', status: 403, contentType: 'text/html; charset=utf-8' })
    await expect(fetchIt()).rejects.toMatchObject({ code: 'ARTWORK_UNAVAILABLE' })
    expect(host.agents.at(-1)).toMatch(/^album-enricher\/\d/)
  })

  test('refuses what does not say that it is an image', async () => {
    host.behave({ kind: 'html' })
    await expect(fetchIt()).rejects.toMatchObject(refuses('ARTWORK_NOT_AN_IMAGE', /text\/html/))
  })

  test('refuses a body that announces too many bytes', async () => {
    options.limits = { ...FETCH_LIMITS, maxBytes: 100 }
    await expect(fetchIt()).rejects.toMatchObject(refuses('ARTWORK_TOO_LARGE', /more than 100 bytes/))
  })

  test('cuts off an endless body at the limit', async () => {
    host.behave({ kind: 'endless' })
    await expect(fetchIt()).rejects.toMatchObject(refuses('ARTWORK_TOO_LARGE', /more than 100000 bytes/))
  })

  test('cuts off an endless body of an error', async () => {
    host.behave({ kind: 'endless', contentType: 'text/html' })
    await expect(fetchIt()).rejects.toMatchObject({ code: 'ARTWORK_NOT_AN_IMAGE' })
  })

  test.each([['slow'], ['stall']] as const)('gives up on a host that is too %s', async (kind) => {
    host.behave({ kind })
    await expect(fetchIt()).rejects.toMatchObject(refuses('ARTWORK_UNAVAILABLE', /timeout/))
  })

  test('gives up on a host that pauses too long in the body or before the head', async () => {
    options.limits = { ...FETCH_LIMITS, idleMs: 50, headersMs: 50 }
    host.behave({ kind: 'stall' })
    await expect(fetchIt()).rejects.toMatchObject(refuses('ARTWORK_UNAVAILABLE', /Headers Timeout/))
    host.reset()
    host.behave({ kind: 'pause' })
    await expect(fetchIt()).rejects.toMatchObject(refuses('ARTWORK_UNAVAILABLE', /Body Timeout/))
  })

  test('a connection that breaks in the body, or is refused, is a passing failure', async () => {
    host.behave({ kind: 'cut' })
    await expect(fetchIt()).rejects.toMatchObject({ code: 'ARTWORK_UNAVAILABLE' })
    await host.close()
    await expect(fetchIt()).rejects.toMatchObject({ code: 'ARTWORK_UNAVAILABLE' })
  })

  test("throws the signal's reason when it is aborted", async () => {
    host.behave({ kind: 'stall' })
    const stop = new AbortController()
    const fetched = fetchImage(host.url + PATH, options, stop.signal)
    const reason = new Error('the lane was lost')
    stop.abort(reason)
    await expect(fetched).rejects.toBe(reason)
  })
})

describe('over https', () => {
  let folder: string
  let tls: { key: string; cert: string }
  let host: ImageStandIn
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'image-host-'))
    tls = makeCertificate(folder)
    host = await startImageStandIn({ tls })
  })
  afterEach(() => host.reset())
  afterAll(async () => {
    await host.close()
    rmSync(folder, { recursive: true })
  })

  /** The host has a name that only our lookup knows, and stands on 127.0.0.1, which is treated as public. */
  const asName = () => host.url.replace('127.0.0.1', 'images.test')
  const fetchFrom = (network: Partial<Network>, url = asName() + PATH, signal = never) => {
    const agents = createImageAgents({
      lookup: async () => [{ address: '127.0.0.1', family: 4 }],
      isPublicAddress: (address) => address === '127.0.0.1' || isPublicAddress(address),
      ca: tls.cert,
      ...network,
    })
    return fetchImage(url, { hosts: [new URL(asName()).host], insecureHost: null, agents }, signal)
  }

  test('downloads from an allowed host', async () => {
    expect(await fetchFrom({})).toEqual(await paintImage(PATH))
  })

  test('refuses a certificate that no authority signed', async () => {
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
    const agents = createImageAgents({ lookup, isPublicAddress: () => true })
    const options = { hosts: [new URL(asName()).host], insecureHost: null, agents }
    await expect(fetchImage(asName() + PATH, options, never)).rejects.toMatchObject({ code: 'ARTWORK_UNAVAILABLE' })
    expect(host.totalCalls()).toBe(0)
  })

  test.each([
    ['127.0.0.1', 4],
    ['10.1.2.3', 4],
    ['169.254.169.254', 4],
    ['::1', 6],
    ['::ffff:127.0.0.1', 6],
    ['fd00:ec2::254', 6],
    ['64:ff9b::7f00:1', 6],
  ])('refuses a name that resolves to %s', async (address, family) => {
    const fetched = fetchFrom({ lookup: async () => [{ address, family }], isPublicAddress })
    await expect(fetched).rejects.toMatchObject({
      code: 'ARTWORK_ADDRESS_REFUSED',
      message: `Image host images.test resolves to ${address}, which is not public.`,
    })
    expect(host.totalCalls()).toBe(0)
  })

  test('refuses a name that has a private address beside a public one', async () => {
    const lookup = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    await expect(fetchFrom({ lookup, isPublicAddress })).rejects.toMatchObject({ code: 'ARTWORK_ADDRESS_REFUSED' })
    expect(host.totalCalls()).toBe(0)
  })

  test('connects to the address that was checked when the name changes its address meanwhile', async () => {
    const port = Number(new URL(host.url).port)
    const other = await startImageStandIn({ tls, address: '127.0.0.2', port })
    try {
      const answers = ['127.0.0.1', '127.0.0.2']
      let asked = 0
      const lookup = async () => [{ address: answers[asked++] ?? '127.0.0.2', family: 4 }]
      expect(await fetchFrom({ lookup })).toEqual(await paintImage(PATH))
      expect(asked).toBe(1)
      expect([host.totalCalls(), other.totalCalls()]).toEqual([1, 0])

      // Asked anew for a new connection, the private answer is refused.
      await expect(fetchFrom({ lookup })).rejects.toMatchObject({ code: 'ARTWORK_ADDRESS_REFUSED' })
      expect(other.totalCalls()).toBe(0)
    } finally {
      await other.close()
    }
  })

  test('a redirect is looked up and checked like the first URL', async () => {
    host.behave({ kind: 'redirect', path: PATH, location: 'https://elsewhere.test/a.jpg' })
    const lookup = async (hostname: string) => [
      { address: hostname === 'images.test' ? '127.0.0.1' : '10.0.0.1', family: 4 },
    ]
    const agents = createImageAgents({ lookup, isPublicAddress: (address) => address === '127.0.0.1', ca: tls.cert })
    const options = { hosts: [new URL(asName()).host, 'elsewhere.test'], insecureHost: null, agents }
    await expect(fetchImage(asName() + PATH, options, never)).rejects.toMatchObject({
      code: 'ARTWORK_ADDRESS_REFUSED',
      message: expect.stringContaining('elsewhere.test'),
    })
  })

  test('refuses a redirect from https to http', async () => {
    host.behave({ kind: 'redirect', location: asName().replace('https', 'http') })
    await expect(fetchFrom({})).rejects.toMatchObject({ code: 'ARTWORK_HOST_REFUSED' })
  })

  test('a name that cannot be resolved is a passing failure', async () => {
    const lookup = async () => Promise.reject(new Error('getaddrinfo EAI_AGAIN images.test'))
    await expect(fetchFrom({ lookup })).rejects.toMatchObject({
      code: 'ARTWORK_UNAVAILABLE',
      message: 'Image host images.test cannot be resolved: getaddrinfo EAI_AGAIN images.test.',
    })
  })

  test('a name server that never answers does not outlast an abort', async () => {
    const stop = new AbortController()
    const lookup = () => {
      setImmediate(() => stop.abort(new Error('stopping')))
      return new Promise<never>(() => {})
    }
    const startedAt = performance.now()
    await expect(fetchFrom({ lookup }, asName() + PATH, stop.signal)).rejects.toThrow('stopping')
    // Well before the time limit of connecting, which would end it too.
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

function makeCertificate(folder: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=images.test', '-addext', 'subjectAltName=DNS:images.test,DNS:elsewhere.test']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...subject], { stdio: 'pipe' })
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}
