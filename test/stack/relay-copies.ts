import type { Message } from 'kafkajs'
import { onTestFinished } from 'vitest'
import { createScenario, type Scenario } from './scenario.ts'
import { type ReadRecord, TopicReader } from './topic-reader.ts'

export const TIERS = ['1s', '5s', '20s']
/** A relay's tiers and what reads the topic to which it brings their copies. */
export async function createRelayScenario(tiers = TIERS.join()) {
  const scenario = await createScenario({ RETRY_DELAYS: tiers })
  const { env, start } = scenario
  const express = await TopicReader.open(env, `${env.TOPIC_ENRICHMENT}.express`)
  onTestFinished(() => express.close())
  const startRelay = async () => {
    const relay = start('relay')
    await relay.waitForLog('partition taken over')
    return relay
  }
  return { ...scenario, express, startRelay, tier: (label: string) => `${env.TOPIC_ENRICHMENT}.retry.${label}` }
}

/** What waits in a tier until its time. */
export function aCopy(key: string, notBefore: number, value: Buffer = Buffer.from(key)): Message {
  return { key, value, headers: { 'enricher-not-before': new Date(notBefore).toISOString() } }
}

export const COUNT = 1_000

/** Copies with delays from 1 s up, dealt out to the tiers in the order of their times, as the worker would write them. */
export async function sendSpread(
  { send }: Scenario,
  tier: (label: string) => string,
  longestMs: number,
): Promise<void> {
  const now = Date.now()
  const copies = Array.from({ length: COUNT }, (_, index) =>
    aCopy(String(index), now + 1_000 + Math.round((index * (longestMs - 1_000)) / COUNT)),
  )
  const dealt = Object.entries(Object.groupBy(copies, ({ key }) => TIERS[Number(key) % TIERS.length] ?? ''))
  await Promise.all(dealt.map(([label, messages = []]) => send(tier(label), ...messages)))
}

const notBeforeOf = ({ headers }: ReadRecord) => Date.parse(headers['enricher-not-before'] ?? '')

/** How the copies came out: by the time they were sent, and by the time somebody had read them. */
export function judge(records: ReadRecord[]) {
  return {
    records: records.length,
    keys: new Set(records.map(({ key }) => key)).size,
    early: records.filter((record) => record.timestamp < notBeforeOf(record)).length,
    sentLateMs: shares(records.map((record) => record.timestamp - notBeforeOf(record))),
    lateMs: shares(records.map((record) => record.readAt - notBeforeOf(record))),
  }
}

function shares(lateness: number[]) {
  const sorted = lateness.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0
  return { p50: at(0.5), p99: at(0.99), worst: at(1) }
}
