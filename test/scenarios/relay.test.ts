import { randomBytes } from 'node:crypto'
import type { Message } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { PeakMemory } from '../demo/peak-memory.ts'
import { createScenario, type Scenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'
import { type ReadRecord, TopicReader } from '../stack/topic-reader.ts'

const TIERS = ['1s', '5s', '20s']

async function createRelayScenario() {
  const scenario = await createScenario({ RETRY_DELAYS: TIERS.join() })
  const { env, start } = scenario
  const express = await TopicReader.open(env, `${env.TOPIC_ENRICHMENT}.express`)
  onTestFinished(() => express.close())
  const startRelay = async () => {
    const relay = start('relay')
    await relay.waitForLog('relay took its tiers over')
    return relay
  }
  return { ...scenario, express, startRelay, tier: (label: string) => `${env.TOPIC_ENRICHMENT}.retry.${label}` }
}

function aCopy(key: string, notBefore: number, value: Buffer = Buffer.from(key)): Message {
  return { key, value, headers: { 'enricher-not-before': new Date(notBefore).toISOString() } }
}

/** Copies with delays from 1 to 20 s, dealt out to the tiers in the order of their times, as the worker would write them. */
async function sendSpread({ send }: Scenario, tier: (label: string) => string, count: number): Promise<void> {
  const now = Date.now()
  const copies = Array.from({ length: count }, (_, index) =>
    aCopy(String(index), now + 1_000 + Math.round((index * 19_000) / count)),
  )
  const dealt = Object.entries(Object.groupBy(copies, ({ key }) => TIERS[Number(key) % TIERS.length] ?? ''))
  await Promise.all(dealt.map(([label, messages = []]) => send(tier(label), ...messages)))
}

const notBeforeOf = ({ headers }: ReadRecord) => Date.parse(headers['enricher-not-before'] ?? '')

/** How the copies came out: by the time they were sent for early ones, by the time somebody read them for late ones. */
function judge(records: ReadRecord[]) {
  const lateness = records.map((record) => record.readAt - notBeforeOf(record)).sort((a, b) => a - b)
  const at = (share: number) => lateness[Math.ceil(lateness.length * share) - 1] ?? 0
  return {
    records: records.length,
    keys: new Set(records.map(({ key }) => key)).size,
    early: records.filter((record) => record.timestamp < notBeforeOf(record)).length,
    lateMs: { p50: at(0.5), p99: at(0.99), worst: at(1) },
  }
}

test('1,000 copies with delays of 1 to 20 s: none early, none more than a second late but one in a hundred', async () => {
  const scenario = await createRelayScenario()
  const { express, startRelay, tier } = scenario
  const relay = await startRelay()
  await sendSpread(scenario, tier, 1_000)
  await express.waitFor((records) => records.length >= 1_000, 'all copies')
  expect(await relay.stop()).toBe(0)
  const found = judge(await express.readToEnd())
  console.log('relay:', JSON.stringify(found))
  expect(found).toMatchObject({ records: 1_000, keys: 1_000, early: 0 })
  expect(found.lateMs.p99).toBeLessThan(1_000)
})

test('killed in the middle and started again: no copy is lost, doubled or early', async () => {
  const scenario = await createRelayScenario()
  const { express, startRelay, tier } = scenario
  const relay = await startRelay()
  await sendSpread(scenario, tier, 1_000)
  await express.waitFor((records) => records.length >= 300, 'some copies')
  relay.signal('SIGKILL')
  const successor = await startRelay()
  await express.waitFor((records) => records.length >= 1_000, 'all copies')
  expect(await successor.stop()).toBe(0)
  const found = judge(await express.readToEnd())
  console.log('relay, killed:', JSON.stringify(found))
  expect(found).toMatchObject({ records: 1_000, keys: 1_000, early: 0 })
})

test('while relays come and go no copy is lost, doubled or early', async () => {
  const scenario = await createRelayScenario()
  const { express, startRelay, tier } = scenario
  const first = await startRelay()
  await sendSpread(scenario, tier, 1_000)
  await express.waitFor((records) => records.length >= 100, 'some copies')
  const second = await startRelay()
  await express.waitFor((records) => records.length >= 400, 'more copies')
  expect(await first.stop()).toBe(0)
  const third = await startRelay()
  await express.waitFor((records) => records.length >= 1_000, 'all copies')
  expect(await Promise.all([second.stop(), third.stop()])).toEqual([0, 0])
  const found = judge(await express.readToEnd())
  console.log('relay, rebalanced:', JSON.stringify(found))
  expect(found).toMatchObject({ records: 1_000, keys: 1_000, early: 0 })
})

test('with 100,000 waiting copies of 1 kB it stays below 200 MB, also while they go out', async () => {
  const { express, send, start, tier, env } = await createRelayScenario()
  const count = 100_000
  const at0 = Date.now()
  const dueAt = Date.now() + 22_000
  for (let from = 0; from < count; from += 5_000) {
    const copies = Array.from({ length: 5_000 }, (_, index) => aCopy(String(from + index), dueAt, randomBytes(1_000)))
    await send(tier(TIERS[(from / 5_000) % TIERS.length] ?? ''), ...copies)
  }
  console.log('sent', Date.now() - at0)
  const relay = start('relay')
  const memory = new PeakMemory(relay.pid)
  await relay.waitForLog('relay took its tiers over')
  const status = await runVerb(env, 'status', '--json')
  console.log('status', Date.now() - at0, JSON.parse(status.output).retries)
  await express.waitFor((records) => records.length > 0, 'the first copy')
  const waitingMb = memory.stop()
  console.log('first', Date.now() - at0)
  await express.waitFor((records) => records.length >= count, 'all copies')
  console.log('all', Date.now() - at0)
  const peakMb = new PeakMemory(relay.pid).stop()
  expect(await relay.stop()).toBe(0)
  const found = judge(await express.readToEnd())
  console.log('relay, 100,000 waiting:', JSON.stringify({ ...found, waitingMb, peakMb }))
  expect(found).toMatchObject({ records: count, keys: count, early: 0 })
  expect(peakMb).toBeLessThan(200)
})
