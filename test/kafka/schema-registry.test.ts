import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
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
  const unknownId = Buffer.from(good)
  unknownId.writeUInt32BE(2_000_000_000, 1)
  const cases = [
    [Buffer.alloc(0), 'RECORD_UNDECODABLE'],
    [Buffer.from('{"name":"Kind of Blue"}'), 'RECORD_UNDECODABLE'],
    [good.subarray(0, -3), 'RECORD_UNDECODABLE'],
    [Buffer.concat([good, Buffer.from('more')]), 'RECORD_UNDECODABLE'],
    [unknownId, 'SCHEMA_UNKNOWN'],
  ] as const
  for (const [bytes, code] of cases) await expect(codec.decode(bytes), code).rejects.toMatchObject({ code })
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
  const server = createServer((_request, response) => {
    if (status !== null) response.writeHead(status).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const registry = new SchemaRegistry(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const away = { code: 'REGISTRY_UNAVAILABLE' }
  await Promise.all([
    expect(registry.ping()).rejects.toMatchObject(away),
    expect(registry.openCodec(aSubject(), FIRST)).rejects.toMatchObject(away),
    expect(registry.register(aSubject(), FIRST)).rejects.toMatchObject(away),
  ])
})
