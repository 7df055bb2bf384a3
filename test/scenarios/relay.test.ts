import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { OutgoingRecord } from '../../src/kafka/delivery.ts'
import { createKafka } from '../../src/kafka/kafka-client.ts'
import { NULL_HEADER, writeNullHeaders } from '../../src/kafka/patches/null-headers.ts'
import { TransactionalProducer } from '../../src/kafka/transactional-producer.ts'
import { createLogger } from '../../src/log.ts'
import { PeakMemory } from '../demo/peak-memory.ts'
import { takePart } from '../stack/kafka-room.ts'
import { aCopy, COUNT, createRelayScenario, judge, sendSpread, TIERS } from '../stack/relay-copies.ts'
import { runVerb } from '../stack/service-process.ts'

// The sender's KafkaJS is not the service's.
writeNullHeaders()

test('killed in the middle and started again: no copy is lost, doubled or early', async () => {
  const scenario = await createRelayScenario()
  const { express, startRelay, tier } = scenario
  const relay = await startRelay()
  await sendSpread(scenario, tier, 10_000)
  await express.waitFor((records) => records.length >= 300, 'some copies')
  relay.signal('SIGKILL')
  const successor = await startRelay()
  await express.waitFor((records) => records.length >= COUNT, 'all copies')
  expect(await successor.stop()).toBe(0)
  const found = judge(await express.readToEnd())
  console.log('relay, killed:', JSON.stringify(found))
  expect(found).toMatchObject({ records: COUNT, keys: COUNT, early: 0 })
})

test('stopped in the middle and woken when another has taken over: no copy is lost, doubled or early', async () => {
  const scenario = await createRelayScenario()
  const { express, startRelay, tier } = scenario
  const relay = await startRelay()
  await sendSpread(scenario, tier, 10_000)
  await express.waitFor((records) => records.length >= 300, 'some copies')
  relay.signal('SIGSTOP')
  const before = (await express.readToEnd()).length
  const successor = await startRelay()
  await express.waitFor((records) => records.length > before, 'copies of the successor')
  relay.signal('SIGCONT')
  await express.waitFor((records) => records.length >= COUNT, 'all copies')
  expect(await Promise.all([relay.stop(), successor.stop()])).toEqual([0, 0])
  const found = judge(await express.readToEnd())
  console.log('relay, stopped:', JSON.stringify(found))
  expect(found).toMatchObject({ records: COUNT, keys: COUNT, early: 0 })
})

test('while relays come and go no copy is lost, doubled or early', async () => {
  const scenario = await createRelayScenario()
  const { express, startRelay, tier } = scenario
  const first = await startRelay()
  await sendSpread(scenario, tier, 10_000)
  await express.waitFor((records) => records.length >= 100, 'some copies')
  const second = await startRelay()
  await express.waitFor((records) => records.length >= 400, 'more copies')
  expect(await first.stop()).toBe(0)
  const third = await startRelay()
  await express.waitFor((records) => records.length >= COUNT, 'all copies')
  expect(await Promise.all([second.stop(), third.stop()])).toEqual([0, 0])
  const found = judge(await express.readToEnd())
  console.log('relay, rebalanced:', JSON.stringify(found))
  expect(found).toMatchObject({ records: COUNT, keys: COUNT, early: 0 })
})

test('with 100,000 waiting copies of 1 kB it stays below 256 MB, also while the first of them go out', async () => {
  const { express, send, start, tier } = await createRelayScenario()
  const [soon, later] = [Date.now() + 15_000, Date.now() + 3_600_000]
  for (let from = 0; from < 100_000; from += 5_000) {
    const dueAt = from < 15_000 ? soon : later
    const copies = Array.from({ length: 5_000 }, (_, index) => aCopy(String(from + index), dueAt, randomBytes(1_000)))
    await send(tier(TIERS[(from / 5_000) % TIERS.length] ?? ''), ...copies)
  }
  const relay = start('relay')
  const memory = new PeakMemory(relay.pid)
  await express.waitFor((records) => records.length >= 15_000, 'all copies that are due')
  const peakMb = memory.stop()
  expect(await relay.stop()).toBe(0)
  const found = judge(await express.readToEnd())
  console.log('relay, 100,000 waiting:', JSON.stringify({ ...found, peakMb }))
  expect(found).toMatchObject({ records: 15_000, keys: 15_000, early: 0 })
  // In 2^20 bytes.
  expect(peakMb).toBeLessThan(244)
})

test('a copy goes out as it came: bytes, key and headers, repeated and empty ones too; what express would refuse is a dead letter', async () => {
  const { express, dead, send, startRelay, tier } = await createRelayScenario()
  const headers = {
    traceparent: '00-abc-def-01',
    twice: [Buffer.from([0xff, 0]), Buffer.from('b')],
    nothing: NULL_HEADER,
    'nothing, then something': [NULL_HEADER, Buffer.from('c')],
    empty: '',
    constructor: 'd',
    ['__proto__']: 'e',
    'enricher-attempt': '-1',
  }
  const value = randomBytes(1_000)
  await send(tier('1s'), { key: 'album', value, headers }, { key: null, value: null, headers: {} })
  const ofLarge = { traceparent: 'abc', 'enricher-request-id': randomUUID() }
  await send(tier('1s'), { key: 'large', value: randomBytes(2_500_000), headers: ofLarge })
  await send(tier('1s'), { key: 'last', value: randomBytes(1_900_000) })
  const relay = await startRelay()
  await express.waitFor((records) => records.length >= 3, 'all copies')
  expect(await relay.stop()).toBe(0)

  const [copy, tombstone, last] = await express.readToEnd()
  expect([copy?.key, copy?.value]).toEqual(['album', value])
  const raw = { ...copy?.rawHeaders }
  const text = (name: string) => [raw[name]].flat().map((part) => part?.toString('latin1') ?? null)
  expect(Object.keys(raw).sort()).toEqual(Object.keys(headers).sort())
  expect(text('traceparent')).toEqual(['00-abc-def-01'])
  expect(text('twice')).toEqual(['\xff\0', 'b'])
  expect([text('nothing'), text('nothing, then something'), text('empty')]).toEqual([[null], [null, 'c'], ['']])
  // In front of these stands what KafkaJS finds under such a name in every object.
  expect([text('constructor').at(-1), text('__proto__').at(-1)]).toEqual(['d', 'e'])
  expect([tombstone?.key, tombstone?.value, last?.key]).toEqual([null, null, 'last'])

  const [letter] = await dead.readToEnd()
  expect([letter?.key, letter?.value?.length]).toEqual(['large', 2_500_000])
  expect(letter?.headers).toMatchObject({ ...ofLarge, 'enricher-error-code': 'RECORD_TOO_LARGE' })
})

test('a tier that the settings no longer name still goes out, and status counts copies by tier, not the markers between', async () => {
  const { env, express, start, tier } = await createRelayScenario()
  const producer = new TransactionalProducer(
    createKafka([env.KAFKA_BROKERS], 'test', createLogger('fatal')),
    tier('20s'),
    takePart(env.KAFKA_GROUP_PREFIX),
  )
  await producer.init()
  const waiting = { ...aCopy('a', Date.now() + 3_600_000), topic: tier('5s') } as OutgoingRecord
  for (let count = 0; count < 3; count += 1) await producer.commit([waiting], [])
  await producer.commit([{ ...waiting, ...aCopy('b', Date.now()), topic: tier('20s') } as OutgoingRecord], [])
  await producer.close()
  const counts = async () => JSON.parse((await runVerb(env, 'status', '--json')).output).retries
  const tiers = (last: number) => [
    { tier: '1s', records: 0 },
    { tier: '5s', records: 3 },
    { tier: '20s', records: last },
  ]
  expect(await counts()).toEqual(tiers(1))

  env.RETRY_DELAYS = '1s'
  const relay = start('relay')
  await express.waitFor((records) => records.length === 1, 'the copy of the tier that is gone')
  // Its offset is shown some moments after the copy.
  await expect.poll(counts).toEqual(tiers(0))
  const { output } = await runVerb(env, 'status')
  expect(output).toContain('3 retries wait in 5s')
  expect(output).not.toContain('wait in 20s')
  expect((await relay.get('/ready')).status).toBe(200)
  const lagOf = (label: string) =>
    `album_enricher_consumer_lag_records{group="${env.KAFKA_GROUP_PREFIX}.relay",topic="${tier(label)}",partition="0"} `
  for (const lag of [`${lagOf('20s')}0\n`, `${lagOf('5s')}6\n`])
    await expect.poll(() => relay.metrics(), { interval: 500 }).toContain(lag)
  expect(await relay.stop()).toBe(0)
})
