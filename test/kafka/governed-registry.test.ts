import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, inject, onTestFinished, test } from 'vitest'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'

interface Named {
  name: string
}

const record = (more: object = {}) => ({
  type: 'record',
  name: 'Thing',
  namespace: 'ours',
  fields: [{ name: 'name', type: 'string' }],
  ...more,
})
const OURS = JSON.stringify(record())
const url = () => inject('registryUrl')
const aSubject = () => `${randomUUID()}-value`
const TYPE = { 'content-type': 'application/vnd.schemaregistry.v1+json' }

async function send(method: string, path: string, body?: object): Promise<{ status: number; json: unknown }> {
  const answer = await fetch(`${url()}${path}`, { method, headers: TYPE, ...(body && { body: JSON.stringify(body) }) })
  return { status: answer.status, json: await answer.json() }
}

/** A value as a producer writes it: one string of less than 64 characters, after what stands before it. */
function written(id: number, name: string, ...before: number[]): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 0, ...before, name.length * 2])
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, Buffer.from(name)])
}

test.each(['BACKWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE'])(
  'setup takes a subject that is %s, and leaves it so',
  async (level) => {
    const subject = aSubject()
    await send('PUT', `/config/${subject}`, { compatibility: level })
    const registry = new SchemaRegistry(url())
    expect(await registry.register(subject, OURS)).toEqual(expect.any(Number))
    expect((await send('GET', `/config/${subject}`)).json).toEqual({ compatibilityLevel: level })
  },
)

test('setup refuses a subject under which readers could not read, by its level', async () => {
  const subject = aSubject()
  await send('PUT', `/config/${subject}`, { compatibility: 'FORWARD' })
  await expect(new SchemaRegistry(url()).register(subject, OURS)).rejects.toMatchObject({
    code: 'SCHEMA_NOT_REGISTERED',
    message: expect.stringContaining('its compatibility is FORWARD, and must be one of BACKWARD,'),
  })
})

/** The registry, for a login that may not set a compatibility; `levels` are what it tells of one, by path. */
async function startDenying(levels: Record<string, string>): Promise<string> {
  const server = createServer(async (request, response) => {
    const [path, method] = [request.url ?? '', request.method ?? 'GET']
    const level = levels[path]
    const json = (body: object, status: number) => Response.json(body, { status })
    const answer =
      method === 'PUT'
        ? json({ error_code: 40301, message: 'User is denied operation' }, 403)
        : level !== undefined
          ? json({ compatibilityLevel: level }, 200)
          : path.startsWith('/config')
            ? json({ error_code: 40408, message: 'no compatibility' }, 404)
            : await fetch(url() + path, {
                method,
                headers: TYPE,
                ...(method === 'POST' && { body: await buffer(request) }),
              })
    response.writeHead(answer.status).end(await answer.text())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const SUBJECT = `${randomUUID()}-value`

test.each([
  ['tells what counts of the subject', { [`/config/${SUBJECT}?defaultToGlobal=true`]: 'FULL', '/config': 'NONE' }],
  ['tells it of all alone', { '/config': 'BACKWARD' }],
])(
  'who may not set a compatibility does without where the registry has one that is good enough and %s',
  async (_how, levels) => {
    const registry = new SchemaRegistry(await startDenying(levels))
    expect(await registry.register(SUBJECT, OURS)).toEqual(expect.any(Number))
  },
)

test('who may not set a compatibility is told that what counts everywhere is not good enough', async () => {
  const registry = new SchemaRegistry(await startDenying({ '/config': 'NONE' }))
  await expect(registry.register(SUBJECT, OURS)).rejects.toThrow(/its compatibility is NONE, and must be/)
  const untold = new SchemaRegistry(await startDenying({}))
  await expect(untold.register(SUBJECT, OURS)).rejects.toThrow(/status 403.*what that login may do/)
})

test('a subject of ours gets BACKWARD, and the importer’s gets nothing but the first version', async () => {
  const registry = new SchemaRegistry(url())
  const [ours, theirs] = [aSubject(), aSubject()]
  await registry.register(ours, OURS)
  await registry.register(theirs, OURS, true)
  expect((await send('GET', `/config/${ours}`)).json).toEqual({ compatibilityLevel: 'BACKWARD' })
  // One registry says that there is nothing, another what counts everywhere.
  expect((await send('GET', `/config/${theirs}`)).json).not.toMatchObject({ compatibilityLevel: 'BACKWARD' })
})

test.each([
  ['another namespace', record({ namespace: 'com.importer' })],
  ['no namespace', record({ namespace: undefined })],
])('a record with %s is read, and its subject is left to its owner', async (_what, schema) => {
  const subject = aSubject()
  const { json } = await send('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) })
  const registry = new SchemaRegistry(url())
  expect(await registry.register(subject, OURS, true)).toBeNull()
  expect((await send('GET', `/subjects/${subject}/versions`)).json).toEqual([1])
  const codec = await registry.openCodec<Named>(subject, OURS, true)
  expect(await codec.decode(written((json as { id: number }).id, 'Blue Train'))).toEqual({ name: 'Blue Train' })
  await expect(codec.encode({ name: 'x' })).rejects.toMatchObject({ code: 'SCHEMA_NOT_REGISTERED' })
  await expect(codec.decode(written(2_000_000_000, 'x'))).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' })
})

const FOUND = { name: 'found', type: ['null', 'string'], default: null }
const shop = (...fields: object[]) => ({
  name: 'shops',
  type: {
    type: 'array',
    items: { type: 'record', name: 'Shop', fields: [{ name: 'name', type: 'string' }, ...fields] },
  },
  default: [],
})
const MORE = record({ fields: [...record().fields, shop()] })

test.each([
  ['a field', record({ fields: [...MORE.fields, FOUND] })],
  ['a field further within', record({ fields: [...record().fields, shop(FOUND)] })],
])('the importer’s schema with %s more than ours stays the latest, whatever our build says', async (_what, theirs) => {
  const subject = aSubject()
  const registry = new SchemaRegistry(url())
  expect(await registry.register(subject, JSON.stringify(MORE), true)).toEqual(expect.any(Number))
  await send('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(theirs) })
  const next = JSON.stringify({ ...MORE, doc: 'As the next build describes it.' })
  expect(await registry.register(subject, next, true)).toBeNull()
  expect((await send('GET', `/subjects/${subject}/versions`)).json).toEqual([1, 2])
  await expect(registry.openCodec(subject, next, true)).resolves.toBeDefined()
})

test('the next build’s schema goes over the one of the build before', async () => {
  const subject = aSubject()
  const registry = new SchemaRegistry(url())
  await registry.register(subject, OURS, true)
  expect(await registry.register(subject, JSON.stringify(MORE), true)).toEqual(expect.any(Number))
  expect((await send('GET', `/subjects/${subject}/versions`)).json).toEqual([1, 2])
})

test('an importer’s subject under whose level ours may not stand is left as it is, and setup goes on', async () => {
  const subject = aSubject()
  const registry = new SchemaRegistry(url())
  await send('POST', `/subjects/${subject}/versions`, { schema: OURS })
  await send('PUT', `/config/${subject}`, { compatibility: 'FORWARD' })
  const next = JSON.stringify(record({ fields: [{ name: 'name', type: ['null', 'string'] }] }))
  expect(await registry.register(subject, next, true)).toBeNull()
  expect((await send('GET', `/subjects/${subject}/versions`)).json).toEqual([1])
  await expect(registry.openCodec(subject, next, true)).resolves.toBeDefined()
})

test('an importer’s subject that is not of Avro is left as it is', async () => {
  const subject = aSubject()
  const schema = 'syntax = "proto3"; message Thing { string name = 1; }'
  await send('POST', `/subjects/${subject}/versions`, { schemaType: 'PROTOBUF', schema })
  expect(await new SchemaRegistry(url()).register(subject, OURS, true)).toBeNull()
})

test('a nested record of another namespace is read', async () => {
  const subject = aSubject()
  const artist = { type: 'record', name: 'Artist', fields: [{ name: 'name', type: 'string' }] }
  const ours = JSON.stringify(record({ fields: [{ name: 'artist', type: artist }] }))
  const theirs = record({ fields: [{ name: 'artist', type: { ...artist, namespace: 'com.acme' } }] })
  const { json } = await send('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(theirs) })
  const codec = await new SchemaRegistry(url()).openCodec<{ artist: Named }>(subject, ours, true)
  expect(await codec.decode(written((json as { id: number }).id, 'Can'))).toEqual({ artist: { name: 'Can' } })
})

test('of a union at the top the branch that was written is read, and another is the record’s fault', async () => {
  const subject = aSubject()
  const deleted = { type: 'record', name: 'Deleted', fields: [{ name: 'id', type: 'string' }] }
  const union = JSON.stringify(['null', deleted, record({ namespace: 'com.importer' })])
  const { json } = await send('POST', `/subjects/${subject}/versions`, { schema: union })
  const { id } = json as { id: number }
  const codec = await new SchemaRegistry(url()).openCodec<Named>(subject, OURS, true)
  expect(await codec.decode(written(id, 'Blue Train', 4))).toEqual({ name: 'Blue Train' })
  for (const branch of [0, 2, 6, 1])
    await expect(codec.decode(written(id, 'x', branch))).rejects.toMatchObject({ code: 'RECORD_UNDECODABLE' })
})
