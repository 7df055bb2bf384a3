import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, inject, onTestFinished, test } from 'vitest'
import { type RecordCodec, SchemaRegistry } from '../../src/kafka/schema-registry.ts'

interface Named {
  name: string
}

const schema = (...fields: object[]) =>
  JSON.stringify({
    type: 'record',
    name: 'Thing',
    namespace: 'test',
    fields: [{ name: 'name', type: 'string' }, ...fields],
  })
const FIRST = schema()
const SECOND = schema({ name: 'year', type: ['null', 'int'], default: null })

async function openRegistered(subject: string, text: string): Promise<RecordCodec<Named>> {
  const registry = new SchemaRegistry(inject('registryUrl'))
  await registry.register(subject, text)
  return registry.openCodec<Named>(subject, text)
}

const aSubject = () => `${randomUUID()}-value`

function withUnknownId(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes)
  changed.writeUInt32BE(2_000_000_000, 1)
  return changed
}

/** @returns the base URL of a stand-in for the registry */
async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('a record that an older or a newer build wrote is read as this build knows it', async () => {
  const subject = aSubject()
  const older = await openRegistered(subject, FIRST)
  const newer = await openRegistered(subject, SECOND)
  expect(await newer.decode(await older.encode({ name: 'Kind of Blue' }))).toEqual({ name: 'Kind of Blue', year: null })
  const written = await newer.encode({ name: 'Kind of Blue', year: 1959 } as Named)
  expect(await older.decode(written)).toEqual({ name: 'Kind of Blue' })
})

test('a value begins with a zero byte and the id of exactly this build’s schema, not of the latest', async () => {
  const subject = aSubject()
  const older = await openRegistered(subject, FIRST)
  const id = await new SchemaRegistry(inject('registryUrl')).register(subject, FIRST)
  await openRegistered(subject, SECOND)
  const bytes = await older.encode({ name: 'x' })
  expect([bytes[0], bytes.readUInt32BE(1)]).toEqual([0, id])
})

test('the registry is needed for a schema that was not read yet, and for nothing else', async () => {
  const subject = aSubject()
  const older = await openRegistered(subject, FIRST)
  const newer = await openRegistered(subject, SECOND)
  const [own, other] = [await older.encode({ name: 'x' }), await newer.encode({ name: 'x' })]
  const cases = [own, other, withUnknownId(own), Buffer.from('{}'), Buffer.alloc(5, 0xff).fill(0, 0, 1)]
  expect(cases.map((bytes) => older.needsRegistry(bytes))).toEqual([false, true, true, false, false])
  await older.decode(other)
  expect(older.needsRegistry(other)).toBe(false)
})

test('values of any size are written whole, and none into another', async () => {
  const codec = await openRegistered(aSubject(), FIRST)
  const names = ['short', 'é'.repeat(100_000), 'x'.repeat(65_536 - 5), 'y'.repeat(65_536), 'short too']
  const written = await Promise.all(names.map((name) => codec.encode({ name })))
  expect(await Promise.all(written.map((bytes) => codec.decode(bytes)))).toEqual(names.map((name) => ({ name })))
})

test('registering again gives the same id, and a change that old readers cannot follow is refused', async () => {
  const registry = new SchemaRegistry(inject('registryUrl'))
  const subject = aSubject()
  expect(await registry.register(subject, FIRST)).toBe(await registry.register(subject, FIRST))
  const refused = registry.register(subject, schema({ name: 'year', type: 'int' }))
  await expect(refused).rejects.toMatchObject({
    code: 'SCHEMA_NOT_REGISTERED',
    message: expect.stringContaining(subject),
  })
})

test('a schema that is not registered is never registered by the way: setup is named instead', async () => {
  const registry = new SchemaRegistry(inject('registryUrl'))
  const subject = aSubject()
  const missing = { code: 'SCHEMA_NOT_REGISTERED', message: expect.stringContaining('album-enricher setup') }
  for (const before of ['nothing', 'nothing still']) {
    await expect(registry.openCodec(subject, FIRST), before).rejects.toMatchObject(missing)
  }
  await registry.register(subject, SECOND)
  await expect(registry.openCodec(subject, FIRST), 'another schema').rejects.toMatchObject(missing)
})

test('bytes that are no record are told apart: no envelope, an unknown schema id, a body that does not fit', async () => {
  const codec = await openRegistered(aSubject(), FIRST)
  const good = await codec.encode({ name: 'Kind of Blue' })
  const cases = [
    [Buffer.alloc(0), 'RECORD_UNDECODABLE'],
    [Buffer.from('{"name":"Kind of Blue"}'), 'RECORD_UNDECODABLE'],
    [good.subarray(0, -3), 'RECORD_UNDECODABLE'],
    [Buffer.concat([good, Buffer.from('more')]), 'RECORD_UNDECODABLE'],
    [withUnknownId(good), 'SCHEMA_UNKNOWN'],
  ] as const
  for (const [bytes, code] of cases) await expect(codec.decode(bytes), code).rejects.toMatchObject({ code })
})

test('an unknown schema id is no fault of the record once the registry has lost our own too', async () => {
  const subject = aSubject()
  const onlyHere = schema({ name: 'onlyHere', type: ['null', 'int'], default: null })
  const codec = await openRegistered(subject, onlyHere)
  const good = await codec.encode({ name: 'Kind of Blue' })
  const unknownId = withUnknownId(good)
  await expect(codec.decode(unknownId)).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' })
  for (const query of ['', '?permanent=true']) {
    const response = await fetch(`${inject('registryUrl')}/subjects/${subject}${query}`, { method: 'DELETE' })
    expect(response.ok).toBe(true)
  }
  const lost = { code: 'REGISTRY_UNAVAILABLE', message: expect.stringContaining('album-enricher setup') }
  await expect(codec.decode(unknownId)).rejects.toMatchObject(lost)
  expect(await codec.decode(good), 'what is known already').toMatchObject({ name: 'Kind of Blue' })
})

test('a registry that answers for an unknown id but not for our own decides nothing about the record', async () => {
  let ownStatus = 200
  const url = await listen((request, response) => {
    const isOwn = request.url === '/schemas/ids/7'
    const body = request.method === 'POST' ? { id: 7 } : isOwn ? { schema: FIRST } : { error_code: 40403 }
    const status = isOwn ? ownStatus : request.method === 'POST' ? 200 : 404
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const codec = await new SchemaRegistry(url).openCodec<Named>(aSubject(), FIRST)
  const unknownId = withUnknownId(await codec.encode({ name: 'Kind of Blue' }))
  const codes = [
    [500, 'REGISTRY_UNAVAILABLE'],
    [404, 'REGISTRY_UNAVAILABLE'],
    [200, 'SCHEMA_UNKNOWN'],
  ] as const
  for (const [status, code] of codes) {
    ownStatus = status
    await expect(codec.decode(unknownId), String(status)).rejects.toMatchObject({ code })
  }
})

test('a schema that cannot be read is the fault of the record, and a registry that tells none is not', async () => {
  let other: object = {}
  const url = await listen((request, response) => {
    const body = request.method === 'POST' ? { id: 7 } : request.url === '/schemas/ids/7' ? { schema: FIRST } : other
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const codec = await new SchemaRegistry(url).openCodec<Named>(aSubject(), FIRST)
  const bytes = withUnknownId(await codec.encode({ name: 'Kind of Blue' }))
  await expect(codec.decode(bytes)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
  other = { schema: JSON.stringify({ type: 'record', name: 'Other', fields: [{ name: 'of', type: 'Unheard' }] }) }
  await expect(codec.decode(bytes)).rejects.toMatchObject({ code: 'RECORD_UNDECODABLE' })
  other = { schemaType: 'JSON', schema: '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}' }
  await expect(codec.decode(bytes)).rejects.toMatchObject({ code: 'RECORD_UNDECODABLE' })
})

test('a writer’s schema with a default that fits nothing is read, and our own keeps its defaults', async () => {
  const foreign = schema({ name: 'size', type: 'int', default: '' })
  const url = await listen((request, response) => {
    const body = request.method === 'POST' ? { id: 7 } : { schema: foreign }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const codec = await new SchemaRegistry(url).openCodec<Named>(aSubject(), SECOND)
  const bytes = Buffer.concat([withUnknownId(Buffer.alloc(5)), Buffer.from([2]), Buffer.from('x'), Buffer.from([2])])
  expect(await codec.decode(bytes)).toEqual({ name: 'x', year: null })
})

test.each<[string, number, string, string]>([
  ['says so', 404, '{"error_code":40403,"message":"Schema 7 not found"}', 'SCHEMA_UNKNOWN'],
  ['says so with the status alone', 404, '{"error_code":404,"message":"No content with id 7"}', 'SCHEMA_UNKNOWN'],
  ['says so with no code of its own', 404, '{"error_code":0,"message":"Could not find it"}', 'SCHEMA_UNKNOWN'],
  ['has no leader', 500, '{"error_code":50001,"message":"Leader not found"}', 'REGISTRY_UNAVAILABLE'],
  ['refuses the login', 403, '{"error_code":40301,"message":"resource not found"}', 'REGISTRY_UNAVAILABLE'],
  ['is behind a proxy that knows no way', 404, '<html>404 not found</html>', 'REGISTRY_UNAVAILABLE'],
  ['is behind a gateway that knows no way', 404, '{"message":"no Route matched"}', 'REGISTRY_UNAVAILABLE'],
])('an unknown schema id, where the registry %s, has its code', async (_how, status, text, code) => {
  const url = await listen((request, response) => {
    const isOwn = request.method === 'POST' || request.url === '/schemas/ids/7'
    response.writeHead(isOwn ? 200 : status, { 'content-type': 'application/json' })
    response.end(isOwn ? JSON.stringify({ id: 7, schema: FIRST }) : text)
  })
  const codec = await new SchemaRegistry(url).openCodec<Named>(aSubject(), FIRST)
  const error = await codec.decode(withUnknownId(await codec.encode({ name: 'x' }))).catch((thrown) => thrown)
  expect(error).toMatchObject({ code })
  if (status === 404 && code === 'REGISTRY_UNAVAILABLE') expect(error.message).toContain('SCHEMA_REGISTRY_URL')
})

test('an id that no registry gives is unknown, whatever the registry says when it is asked for it', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: 7, schema: FIRST }))
  })
  const codec = await new SchemaRegistry(url).openCodec<Named>(aSubject(), FIRST)
  const bytes = Buffer.from([0, 0x80, 0, 0, 0, 2, 0x78])
  await expect(codec.decode(bytes)).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' })
})

test('whatever a registry that fails says of its leader, our schema is not said to be missing', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(500, { 'content-type': 'application/json' })
    response.end('{"error_code":50001,"message":"Leader not found"}')
  })
  await expect(new SchemaRegistry(url).openCodec(aSubject(), FIRST)).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
  })
})

test('a record that the schema refuses is refused by the names of its fields', async () => {
  const codec = await openRegistered(aSubject(), SECOND)
  const wrong = codec.encode({ name: 7, year: 'x' } as unknown as Named)
  await expect(wrong).rejects.toMatchObject({ code: 'RECORD_INVALID', message: expect.stringMatching(/name.*year/) })
})

test.each([
  ['fails', 500],
  ['hangs', null],
] as const)('a registry that %s is away, which is no fault of a record', async (_how, status) => {
  const url = await listen((_request, response) => {
    if (status !== null) response.writeHead(status).end('{}')
  })
  const registry = new SchemaRegistry(url)
  const away = { code: 'REGISTRY_UNAVAILABLE' }
  await Promise.all([
    expect(registry.ping(aSubject())).rejects.toMatchObject(away),
    expect(registry.openCodec(aSubject(), FIRST)).rejects.toMatchObject(away),
    expect(registry.register(aSubject(), FIRST)).rejects.toMatchObject(away),
  ])
})

test.each<[string, (response: ServerResponse) => void]>([
  ['drips', (response) => void setInterval(() => response.write(' '), 500).unref()],
  ['is cut off', (response) => response.write('{"schema":', () => response.destroy())],
])('an answer that %s is waited for no longer than any other, and the next one is read', async (_how, spoil) => {
  let isWell = true
  const url = await listen((request, response) => {
    const body = request.method === 'POST' ? { id: 7 } : { schema: FIRST }
    response.writeHead(200, { 'content-type': 'application/json' })
    if (isWell || request.url === '/schemas/ids/7') response.end(JSON.stringify(body))
    else spoil(response)
  })
  const codec = await new SchemaRegistry(url).openCodec<Named>(aSubject(), FIRST)
  const bytes = withUnknownId(await codec.encode({ name: 'Kind of Blue' }))
  isWell = false
  const from = performance.now()
  await expect(codec.decode(bytes)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' })
  expect(performance.now() - from).toBeLessThan(12_000)
  isWell = true
  expect(await codec.decode(bytes)).toEqual({ name: 'Kind of Blue' })
})

test('a registry is there for a login that may not list the subjects of others, also while it has none of ours', async () => {
  const own = { error_code: 40401, message: 'Subject not found' }
  const answers: Record<string, [status: number, body: string]> = {
    '/subjects': [403, '{"error_code": 40301}'],
    '/subjects/ours-value/versions/latest': [200, JSON.stringify({ schema: FIRST })],
    '/subjects/missing-value/versions/latest': [404, JSON.stringify(own)],
    '/subjects/denied-value/versions/latest': [403, '{"error_code": 40301}'],
  }
  const url = await listen((request, response) => {
    const [status, body] = answers[request.url ?? ''] ?? [404, '<h1>a proxy knows no such page</h1>']
    response.writeHead(status).end(body)
  })
  const registry = new SchemaRegistry(url)
  await registry.ping('ours-value')
  await registry.ping('missing-value')
  await expect(registry.ping('denied-value')).rejects.toThrow(/status 403.*what that login may do/)
  await expect(registry.ping('elsewhere-value')).rejects.toThrow(/status 404.*proxies/)
})
