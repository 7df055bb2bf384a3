import { partitionKey } from '../kafka/delivery.ts'
import type { Admin, Kafka } from '../kafka/kafka-client.ts'
import { KeptAdmin } from '../kafka/kept-admin.ts'
import { findOldestTime, type PartitionLag, readLag } from '../kafka/read-lag.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'

const COLLECT_MS = 10_000
/** Older figures would show a calm that nobody has seen. */
const OLDEST_MS = 60_000

export interface Follower {
  group: string
  topics(): string[]
}

/** Where a partition stood at the last look, and since when what stands there waits. */
type Known = Map<string, { next: bigint; oldestAt: number }>

/**
 * Keeps the lag metrics of some groups up to date in the background, so that a scrape never waits for Kafka. The age of
 * the oldest unfinished record is that of the record itself, so it outlives restarts.
 *
 * @returns when the signal is aborted
 */
export async function keepLagMetrics(
  kafka: Kafka,
  followers: Follower[],
  log: Logger,
  stop: AbortSignal,
): Promise<void> {
  await Promise.all(followers.map((follower) => keepLag(kafka, follower, log, stop)))
}

async function keepLag(kafka: Kafka, { group, topics }: Follower, log: Logger, stop: AbortSignal): Promise<void> {
  // Of the group's own: a topic that nobody leads fails every question of its connection.
  const connection = new KeptAdmin(kafka)
  const known: Known = new Map()
  const shown = new Map<string, ReturnType<typeof toLabels>>()
  let collectedAt = performance.now()
  const collect = async (admin: Admin) => {
    const lags = await readLag(admin, group, topics())
    for (const lag of lags) {
      const labels = toLabels(group, lag)
      const oldestAt = await findSince(admin, lag, known)
      metrics.consumerLagRecords.set(labels, Number(lag.lag))
      metrics.consumerLagSeconds.set(labels, oldestAt === undefined ? 0 : (Date.now() - oldestAt) / 1_000)
      shown.set(partitionKey(lag), labels)
    }
    const followed = new Set(lags.map(partitionKey))
    for (const [key, labels] of shown) {
      if (followed.has(key)) continue
      takeBack(labels)
      shown.delete(key)
      known.delete(key)
    }
    collectedAt = performance.now()
  }
  const onFailed = (error: unknown) => {
    log.debug({ group, err: error }, 'lag not readable')
    if (performance.now() - collectedAt <= OLDEST_MS) return
    for (const labels of shown.values()) takeBack(labels)
  }
  await keepDoing(COLLECT_MS, () => connection.ask(collect), onFailed, stop)
  await connection.close()
}

function takeBack(labels: ReturnType<typeof toLabels>): void {
  metrics.consumerLagRecords.remove(labels)
  metrics.consumerLagSeconds.remove(labels)
}

/** Since when the oldest unfinished record waits; undefined when there is none. */
async function findSince(admin: Admin, lag: PartitionLag, known: Known): Promise<number | undefined> {
  if (lag.lag === 0n) return undefined
  const before = known.get(partitionKey(lag))
  if (before?.next === lag.next) return before.oldestAt
  const oldestAt = await findOldestTime(admin, lag, before?.oldestAt)
  known.set(partitionKey(lag), { next: lag.next, oldestAt })
  return oldestAt
}

const toLabels = (group: string, { topic, partition }: PartitionLag) => ({ group, topic, partition: String(partition) })
