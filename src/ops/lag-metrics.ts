import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from '../kafka/kafka-client.ts'
import { type PartitionLag, readLag } from '../kafka/read-lag.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'

const COLLECT_MS = 10_000
/** Older figures would show a calm that nobody has seen. */
const OLDEST_MS = 60_000

export interface Follower {
  group: string
  topics: string[]
}

/**
 * Keeps the lag metrics of some groups up to date in the background, so that a scrape never waits for Kafka. The age of
 * the oldest unfinished record is told by when the end of its partition was first seen to have passed it: exact to the
 * ten seconds between two looks, and counted from the first look after a start.
 *
 * @returns when the signal is aborted
 */
export async function keepLagMetrics(
  kafka: Kafka,
  followers: Follower[],
  log: Logger,
  stop: AbortSignal,
): Promise<void> {
  const ends = new Map<string, { end: bigint; seenAt: number }[]>()
  let collectedAt = Date.now()
  while (!stop.aborted) {
    try {
      for (const { group, topics } of followers) {
        for (const lag of await readLag(kafka, group, topics)) setGauges(group, lag, ends, Date.now())
      }
      collectedAt = Date.now()
    } catch (error) {
      log.debug({ err: error }, 'lag not readable')
      if (Date.now() - collectedAt > OLDEST_MS) {
        metrics.consumerLagRecords.reset()
        metrics.consumerLagSeconds.reset()
      }
    }
    await delay(COLLECT_MS, undefined, { signal: stop }).catch(() => undefined)
  }
}

function setGauges(
  group: string,
  { topic, partition, committed, end, lag }: PartitionLag,
  ends: Map<string, { end: bigint; seenAt: number }[]>,
  now: number,
): void {
  const labels = { group, topic, partition: String(partition) }
  const key = JSON.stringify(labels)
  const seen = (ends.get(key) ?? []).filter((mark) => committed === null || mark.end > committed)
  if (lag > 0n && seen.at(-1)?.end !== end) seen.push({ end, seenAt: now })
  ends.set(key, seen)
  metrics.consumerLagRecords.set(labels, Number(lag))
  metrics.consumerLagSeconds.set(labels, lag === 0n ? 0 : (now - (seen[0]?.seenAt ?? now)) / 1_000)
}
