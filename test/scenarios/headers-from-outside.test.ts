import { randomBytes, randomUUID } from 'node:crypto'
import kafkajs, { type IHeaders, Kafka, logLevel, type Message } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { openCodecs } from '../../src/kafka/event-topics.ts'
import { NULL_HEADER, writeNullHeaders } from '../../src/kafka/patches/null-headers.ts'
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts'
import { sampleAlbum } from '../data/samples.ts'
import { anAlbum, createScenario, encodeAlbum, type Scenario } from '../stack/scenario.ts'
import { TopicReader } from '../stack/topic-reader.ts'

writeNullHeaders()

const HOSTILE = {
  traceparent: '00-abc-def-01',
  twice: ['a', 'b'],
  nothing: NULL_HEADER,
  'enricher-run': '7',
  'enricher-attempt': ['1', '2'],
  'enricher-not-before': '9999-12-31T23:59:59.999Z',
  'enricher-original-topic': 'elsewhere',
  'enricher-request-id': NULL_HEADER,
  'enricher-of-another-build': 'x',
}

/** Intake alone, with a topic of albums that takes 8 MB, and a reader of what it makes of them. */
async function startIntake() {
  const scenario = await createScenario()
  const { env, start } = scenario
  const kafka = new Kafka({ brokers: env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const configEntries = [{ name: 'max.message.bytes', value: '8388608' }]
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: env.TOPIC_IMPORTED, configEntries }
  await admin.alterConfigs({ validateOnly: false, resources: [resource] })
  await admin.disconnect()
  const requests = await TopicReader.open(env, env.TOPIC_ENRICHMENT)
  onTestFinished(() => requests.close())
  return { ...scenario, kafka, requests, intake: start('intake') }
}

/** Publishes one message compressed, as an importer may. */
async function sendGzipped(kafka: Kafka, { env }: Scenario, message: Message): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  const compression = kafkajs.CompressionTypes.GZIP
  await producer.send({ topic: env.TOPIC_IMPORTED, compression, messages: [message] })
  await producer.disconnect()
}

/** Bytes that nothing makes smaller, and that never begin as an event does. */
const noEvent = (bytes: number) => Buffer.concat([Buffer.from([0xff]), randomBytes(bytes - 1)])

const foreignOf = (headers: IHeaders | undefined) =>
  Object.fromEntries(
    Object.entries(headers ?? {})
      .filter(([name]) => !name.startsWith('enricher-'))
      .map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : (value?.toString() ?? null)]),
  )

test('headers with our names from outside do not count, and all others go on as they came', async () => {
  const scenario = await startIntake()
  const { env, send, requests, dead, intake } = scenario
  await send(env.TOPIC_IMPORTED, { key: 'garbage', value: 'no Avro', headers: HOSTILE })
  await send(env.TOPIC_IMPORTED, { ...(await encodeAlbum(env, anAlbum('good'))), headers: HOSTILE })
  await requests.waitFor((records) => records.length === 1, 'the request')
  await dead.waitFor((records) => records.length === 1, 'the dead letter')
  expect(await intake.stop()).toBe(0)

  const foreign = { traceparent: '00-abc-def-01', twice: ['a', 'b'], nothing: null }
  const [request] = requests.records
  expect(foreignOf(request?.rawHeaders)).toEqual(foreign)
  expect(Object.keys(request?.rawHeaders ?? {}).sort()).toEqual(Object.keys(foreign).sort())
  const [letter] = dead.records
  expect(foreignOf(letter?.rawHeaders)).toEqual(foreign)
  expect(letter?.headers).toMatchObject({
    'enricher-original-topic': env.TOPIC_IMPORTED,
    'enricher-run': '1',
    'enricher-attempt': '1',
    'enricher-error-code': 'RECORD_UNDECODABLE',
  })
  for (const name of ['enricher-not-before', 'enricher-request-id', 'enricher-of-another-build'])
    expect(letter?.headers).not.toHaveProperty(name)
})

test('large records: a request where it fits compressed, else a dead letter with its bytes, else a pointer', async () => {
  const scenario = await startIntake()
  const { env, kafka, send, publish, requests, dead, intake } = scenario
  const key = (text: string) => ({ key: text })
  await sendGzipped(kafka, scenario, { ...key('repeats'), value: Buffer.alloc(5_000_000, 'na ') })
  await send(env.TOPIC_IMPORTED, { ...key('random'), value: noEvent(1_048_000) })
  await send(env.TOPIC_IMPORTED, { ...key('pointer'), value: noEvent(3_500_000), headers: { traceparent: 'abc' } })
  // As many and as long as an album may have, so that only their bytes are too many.
  const credits = (name: () => string) => Array.from({ length: 1_000 }, () => ({ name: name() }))
  const random = { artists: credits(() => randomBytes(1_490).toString('base64')) }
  const ballast = { ballast: randomBytes(900_000) }
  await send(env.TOPIC_IMPORTED, { ...(await encodeAlbum(env, anAlbum('no request', random))), headers: ballast })
  await publish(anAlbum('long', { artists: credits(() => 'Na '.repeat(660)) }))
  await publish(anAlbum('endless', { title: 'Na '.repeat(1_000_000) }))
  await publish(anAlbum('good'))
  await requests.waitFor((records) => records.length === 2, 'two requests')
  await dead.waitFor((records) => records.length === 5, 'five dead letters')
  expect(await intake.stop()).toBe(0)

  const counts = new Map((await requests.readToEnd()).map(({ key, event }) => [key, event.album.artists.length]))
  expect(Object.fromEntries(counts)).toEqual({ long: 1_000, good: 1 })
  const letters = new Map((await dead.readToEnd()).map((letter) => [letter.key, letter]))
  const summary = [...letters].map(([name, { value, headers }]) => [
    name,
    value?.length,
    headers['enricher-error-code'],
  ])
  const isOwn = (name: unknown) => name === 'no request' || name === 'endless'
  expect(summary.map(([name, bytes, code]) => [name, isOwn(name) ? 'its own' : bytes, code]).sort()).toEqual([
    ['endless', 'its own', 'RECORD_INVALID'],
    ['no request', 'its own', 'RECORD_TOO_LARGE'],
    ['pointer', undefined, 'RECORD_TOO_LARGE'],
    ['random', 1_048_000, 'RECORD_UNDECODABLE'],
    ['repeats', 5_000_000, 'RECORD_UNDECODABLE'],
  ])
  expect(letters.get('pointer')?.headers).toMatchObject({
    traceparent: 'abc',
    'enricher-original-topic': env.TOPIC_IMPORTED,
    'enricher-cause-code': 'RECORD_UNDECODABLE',
    'enricher-value-bytes': '3500000',
  })
})

test('headers too large for the topic of results stay behind, and hold up nobody', async () => {
  const { env, start, send, publish, results, dead } = await createScenario()
  const large = { ballast: randomBytes(1_047_900), traceparent: 'abc' }
  await send(env.TOPIC_IMPORTED, { ...(await encodeAlbum(env, anAlbum('large'))), headers: large })
  const service = start()
  await results.waitFor((records) => records.length === 1, 'the result without headers')
  await send(env.TOPIC_IMPORTED, { ...(await encodeAlbum(env, anAlbum('small'))), headers: { traceparent: 'abc' } })
  await publish(anAlbum('bare'))
  await results.waitFor((records) => records.length === 3, 'the results behind it')
  expect(await service.stop()).toBe(0)
  const headers = (await results.readToEnd()).map(({ key, rawHeaders }) => [key, foreignOf(rawHeaders)])
  expect(headers.toSorted()).toEqual([
    ['bare', {}],
    ['large', {}],
    ['small', { traceparent: 'abc' }],
  ])
  expect(await dead.readToEnd()).toEqual([])
})

test('a request that fits and whose result does not leaves its headers behind, what is no album is a dead letter, and none holds up others', async () => {
  const { env, start, send, publish, results, dead } = await createScenario()
  const { requested } = await openCodecs(loadConfig(['kafka'], env), new SchemaRegistry(env.SCHEMA_REGISTRY_URL))
  const express = `${env.TOPIC_ENRICHMENT}.express`
  const request = (albumId: string, title: string) => ({
    requestId: randomUUID(),
    reason: 'artwork' as const,
    stages: ['artwork' as const],
    album: sampleAlbum(title, ['Nirvana'], { albumId }),
    requestedAt: Date.now(),
    source: null,
  })
  const headers = { ballast: randomBytes(1_048_300), traceparent: 'abc' }
  await send(express, { key: 'headers', value: await requested.encode(request('headers', 'Nevermind')), headers })
  const endless = await requested.encode(request('title', randomBytes(1_400_000).toString('base64')))
  await send(express, { key: 'title', value: endless, headers: { traceparent: 'abc' } })
  const service = start()
  await results.waitFor((records) => records.length === 1, 'the result without headers')
  await dead.waitFor((records) => records.length === 1, 'the dead letter')
  await send(express, { key: 'express', value: await requested.encode(request('express', 'Nevermind')) })
  await publish(anAlbum('imported'))
  await results.waitFor((records) => records.length === 3, 'the results behind them')
  expect(await service.stop()).toBe(0)
  const found = (await results.readToEnd()).map(({ key, rawHeaders }) => [key, foreignOf(rawHeaders)])
  expect(found.toSorted()).toEqual([
    ['express', {}],
    ['headers', {}],
    ['imported', {}],
  ])
  const [letter, ...more] = await dead.readToEnd()
  expect([letter?.key, letter?.value, more]).toEqual(['title', endless, []])
  expect(letter?.headers).toMatchObject({ traceparent: 'abc', 'enricher-error-code': 'RECORD_INVALID' })
})
