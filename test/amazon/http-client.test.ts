import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { createHttpClient, type HttpReply } from '../../src/amazon/http-client.ts'

/** What the client makes of such a reply. */
async function receive(bytes: Buffer | string, headers: Record<string, string>): Promise<HttpReply> {
  const server = createServer((_request, response) => response.writeHead(200, headers).end(bytes))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return createHttpClient(5_000, {})({ url, headers: {}, body: '{}' }, new AbortController().signal)
}

const JSON_TYPE = { 'content-type': 'application/json' }
const TEXT = '{"title":"Kind of Blue"}'

test.each([
  ['gzip', gzipSync(TEXT)],
  ['GZIP', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['identity', TEXT],
])('a reply in %s, which was not asked for, is read', async (encoding, bytes) => {
  expect(await receive(bytes, { ...JSON_TYPE, 'content-encoding': encoding })).toMatchObject({
    json: { title: 'Kind of Blue' },
    excerpt: TEXT,
  })
})

test.each([
  ['is cut off', gzipSync(TEXT).subarray(0, -9), 'cannot be inflated'],
  ['is none', Buffer.from(TEXT), 'cannot be inflated'],
  ['is larger inflated than is read', gzipSync(Buffer.alloc(10_000_001)), 'answered more than 10000000 bytes'],
])('a compressed reply that %s is no reply', async (_, bytes, message) => {
  await expect(receive(bytes, { ...JSON_TYPE, 'content-encoding': 'gzip' })).rejects.toMatchObject({
    code: 'AMAZON_UNAVAILABLE',
    message: expect.stringContaining(message),
  })
})

test('a reply without a content type is read as what was asked for', async () => {
  for (const headers of [{}, { 'content-type': '' }])
    expect(await receive(TEXT, headers)).toMatchObject({ json: { title: 'Kind of Blue' } })
})
