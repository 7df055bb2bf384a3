import { randomUUID } from 'node:crypto'
import { expect, inject, test } from 'vitest'
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
