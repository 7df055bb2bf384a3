import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createPlainServer, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createHttpClient } from '../../src/amazon/http-client.ts'
import { loadConfig } from '../../src/config.ts'
import { createImageAgents } from '../../src/enrich/artwork/create-image-agents.ts'
import { fetchImage } from '../../src/enrich/artwork/fetch-image.ts'
import { createFetch } from '../../src/http/create-fetch.ts'
import { type Authority, createAuthority } from '../stack/certificates.ts'
import { PROXY_LOGIN, startProxy } from '../stack/proxy.ts'

let folder: string
let authority: Authority

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'album-enricher-http-'))
  authority = createAuthority(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A server of the internet called `name`, which only the proxy knows how to reach. */
async function startServer(name: string) {
  const { cert, key } = authority.issue(name, { names: `DNS:${name}` })
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) =>
    response.writeHead(200, { 'content-type': 'image/png' }).end('pixels'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await startProxy(() => `127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await proxy.close()
  })
  return { proxy, config: loadConfig([], { HTTPS_PROXY: proxy.url, EXTRA_CA: authority.ca }) }
}

test('requests to https go through the proxy by name, and trust the extra authority', async () => {
  const { proxy, config } = await startServer('amazon.example')
  const post = createHttpClient(3_000, config)
  const sent: string[] = []
  const reply = await post(
    { url: 'https://amazon.example/catalog', headers: {}, body: '{}', onStart: () => sent.push('start') },
    new AbortController().signal,
  )
  expect(reply.status).toBe(200)
  expect(sent).toEqual(['start'])
  expect(await (await createFetch(config)('https://amazon.example/v1')).text()).toBe('pixels')
  expect(proxy.asked).toEqual(['amazon.example:443', 'amazon.example:443'])
})

test('EXTRA_CA may change while the service runs', async () => {
  const { config } = await startServer('amazon.example')
  const file = join(folder, 'extra.pem')
  copyFileSync(createAuthority(folder, 'former-ca').ca, file)
  const changing = { ...config, EXTRA_CA: file }
  const [ask, post] = [createFetch(changing), createHttpClient(3_000, changing)]
  const asked = async () => [
    (await ask('https://amazon.example/v1')).status,
    (await post({ url: 'https://amazon.example/', headers: {}, body: '{}' }, new AbortController().signal)).status,
  ]
  await expect(asked()).rejects.toThrow()
  copyFileSync(authority.ca, file)
  expect(await asked()).toEqual([200, 200])
})

test('an image host is resolved and checked here, and the proxy is asked for the checked address', async () => {
  const { proxy, config } = await startServer('images.example')
  const open = (address: string) => ({
    hosts: ['images.example'],
    insecureHost: null,
    agents: createImageAgents(
      { lookup: async () => [{ address, family: 4 }], isPublicAddress: (asked) => asked === '192.0.2.7' },
      config,
    ),
  })
  const fetchFrom = (address: string) =>
    fetchImage('https://images.example/a.png', open(address), new AbortController().signal)
  expect(String(await fetchFrom('192.0.2.7'))).toBe('pixels')
  expect(proxy.asked).toEqual(['192.0.2.7:443'])
  await expect(fetchFrom('10.0.0.1')).rejects.toMatchObject({ code: 'ARTWORK_ADDRESS_REFUSED' })
  expect(proxy.asked).toEqual(['192.0.2.7:443'])
})

test('a proxy that refuses, or is not there, is named without its login', async () => {
  const { config, proxy } = await startServer('amazon.example')
  const ask = (address: string) =>
    createFetch({ ...config, HTTPS_PROXY: address })('https://amazon.example/').catch((error: Error) => error)
  const refused = String(await ask(proxy.url.replace(PROXY_LOGIN.user, 'nobody')))
  expect(refused).toMatch(/HTTPS_PROXY \(127\.0\.0\.1:\d+\) gives no way to amazon\.example:443: it wants the user/)
  const gone = String(await ask('http://user:geheim@127.0.0.1:1'))
  expect(gone).toMatch(/HTTPS_PROXY \(127\.0\.0\.1:1\).*ECONNREFUSED/)
  for (const secret of ['geheim', PROXY_LOGIN.password]) expect(refused + gone).not.toContain(secret)
})

const NAME = 'amazon.example'

test.each([
  ['*', NAME, true],
  ['amazon.example', NAME, true],
  ['.example', NAME, true],
  ['*.example', NAME, true],
  ['AMAZON.EXAMPLE:443', NAME, true],
  ['amazon.example:8443', NAME, false],
  ['on.example', NAME, false],
  ['other.example, 10.0.0.0', NAME, false],
  ['10.0.0.0/8,.svc,.cluster.local,', NAME, false],
  ['127.0.0.0/8,.svc', '127.9.9.9', true],
  ['127.0.0.0/16', '127.9.9.9', false],
  ['127.9.9.9:443', '127.9.9.9', true],
  ['127.9.9.9:8443', '127.9.9.9', false],
  ['fd00::/8', '[fd12::1]', true],
  ['fd00::/16', '[fd12::1]', false],
  ['::1', '[::1]', true],
  ['[::1]:443', '[0:0::1]', true],
  ['[::1]:8443', '[::1]', false],
  ['.1', '127.0.0.1', false],
])('NO_PROXY=%s leaves the proxy out for %s: %s', async (noProxy, host, isOut) => {
  const proxy = await startProxy(() => '127.0.0.1:1')
  onTestFinished(() => proxy.close())
  const config = loadConfig([], { HTTPS_PROXY: proxy.url, NO_PROXY: noProxy })
  await createFetch(config)(`https://${host}/`).catch(() => undefined)
  expect(proxy.asked.length).toBe(isOut ? 0 : 1)
})

test.each(['10.0.0.0/33', 'fd00::/129', '10.0.0/8', 'amazon.example/8', '10.0.0.0/'])(
  'NO_PROXY=%s is refused',
  (noProxy) => {
    expect(() => loadConfig([], { NO_PROXY: noProxy })).toThrow(/NO_PROXY/)
  },
)

test('an abort ends a request also while its connection is being made', async () => {
  const silent = createTcpServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const config = loadConfig([], { HTTPS_PROXY: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` })
  const aborting = new AbortController()
  const from = performance.now()
  const asked = createFetch(config)('https://model.example/v1', { signal: aborting.signal })
  silent.once('connection', () => aborting.abort(new Error('given up')))
  await expect(asked).rejects.toThrow('given up')
  expect(performance.now() - from).toBeLessThan(2_000)
})

test('hosts that turn unnamed clients away are told who asks', async () => {
  const agents: (string | undefined)[] = []
  const server = createPlainServer((request, response) => {
    agents.push(request.headers['user-agent'])
    response.writeHead(request.headers['user-agent'] === undefined ? 403 : 200).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  expect((await createFetch({})(url)).status).toBe(200)
  await createFetch({})(url, { headers: { 'User-Agent': 'a library' } })
  expect(agents).toEqual([expect.stringMatching(/^album-enricher\/\d/), 'a library'])
})

test('an answer that would fill the memory is given up, also one that is small until it is inflated', async () => {
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/good': (response) => response.end('x'.repeat(1_000_000)),
    '/compressed': (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000, 'x'))),
    '/moved': (response) => response.writeHead(307, { location: '/good' }).end(),
    '/empty': (response) => response.writeHead(204).end(),
    '/bomb': (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(200_000_000))),
    '/endless': (response) => {
      const more = () => {
        while (response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', more)
      more()
    },
  }
  const server = createPlainServer((request, response) => answers[request.url ?? '']?.(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const fetch = createFetch({})
  const read = async (path: string) => {
    const answer = await fetch(url + path)
    return [answer.status, (await answer.text()).length]
  }
  expect(await read('/good')).toEqual([200, 1_000_000])
  expect(await read('/compressed')).toEqual([200, 1_000_000])
  expect(await read('/moved')).toEqual([200, 1_000_000])
  expect(await read('/empty')).toEqual([204, 0])
  await expect(read('/bomb')).rejects.toThrow('answered more than 10000000 bytes')
  await expect(read('/endless')).rejects.toThrow('answered more than 10000000 bytes')
})
