import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../stack/certificates.ts'
import { WireProxy } from './wire-proxy.ts'

const folder = mkdtempSync(join(tmpdir(), 'album-enricher-proxy-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const authority = createAuthority(folder)
const read = (path: string) => readFileSync(path, 'utf8')
const issue = (name: string) => {
  const { key, cert } = authority.issue(name)
  return { key: read(key), cert: read(cert) }
}
const ca = read(authority.ca)
const tls = { ...issue('proxy'), ca }

test('where both sides speak TLS, what passes is seen in clear, and a cut breaks both connections', async () => {
  const server = createServer(issue('server'), (socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => socket.write(`not ${chunk}`))
  })
  const proxy = await openWireProxy(server)
  const seen: string[] = []
  proxy.hooks.add(({ direction, bytes }) => {
    seen.push(`${direction} ${bytes}`)
    return undefined
  })
  const far = once(server, 'secureConnection') as Promise<[Socket]>
  const client = enter(proxy)
  client.write('this')
  expect(String(await once(client, 'data'))).toBe('not this')
  expect(client.getPeerX509Certificate()?.subject).toBe('CN=proxy')
  expect(seen).toEqual(['request this', 'answer not this'])

  const [behind] = await far
  const closed = Promise.all([client, behind].map(closedBy))
  proxy.cut()
  await closed
})

test('a client waits in its handshake while the server does not answer, and is let go with it', async () => {
  const silent = createTcpServer()
  const proxy = await openWireProxy(silent)
  const arrived = once(silent, 'connection') as Promise<[Socket]>
  const client = enter(proxy)
  const connected = once(client, 'connect')
  const [socket] = await arrived
  await connected
  expect(client.authorized).toBe(false)
  const closed = closedBy(client)
  socket.destroy()
  await closed
})

test('a client that leaves in its handshake takes its connection to the server along', async () => {
  const server = createServer(issue('server'), (socket) => socket.on('error', () => undefined).resume())
  const proxy = await openWireProxy(server)
  const far = once(server, 'secureConnection') as Promise<[Socket]>
  const client = connectTcp(proxy.port, '127.0.0.1')
  const [behind] = await far
  const closed = closedBy(behind)
  client.destroy()
  await closed
})

test('a server of another authority gets nothing', async () => {
  const other = createAuthority(folder, 'other-ca').issue('server')
  const server = createServer({ key: read(other.key), cert: read(other.cert) }, () => {
    throw new Error('was let in')
  })
  server.on('tlsClientError', () => undefined)
  const client = enter(await openWireProxy(server))
  client.write('secret')
  await closedBy(client)
  expect(client.authorized).toBe(false)
})

async function openWireProxy(server: Server): Promise<WireProxy> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await WireProxy.open({
    name: 'proxy',
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    tls,
  })
  onTestFinished(async () => {
    await proxy.refuse()
    server.close()
  })
  return proxy
}

/** Resolves when it is closed, by an error or not. */
const closedBy = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve))

function enter(proxy: WireProxy) {
  const client = connect({ port: proxy.port, host: '127.0.0.1', ca })
  client.on('error', () => undefined)
  onTestFinished(() => {
    client.destroy()
  })
  return client
}
