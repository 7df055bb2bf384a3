import type { Database } from '../db/database.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { DeadLetterCount } from './dead-letter-count.ts'
import { readLastResult } from './last-result.ts'

const COLLECT_MS = 10_000

/**
 * Keeps up to date what outlives the processes, so that neither a restart nor a takeover makes it read wrong: when the
 * lane's last result was, and how many dead letters wait. What cannot be read keeps its last figure.
 *
 * @param lastResultOf the lane's topics, where that is to be told
 * @param deadLettersIn the dead-letter topic, where those are to be counted
 * @returns when the signal is aborted
 */
export async function keepStoredMetrics(
  { kafka, db, log }: { kafka: Kafka; db: Database; log: Logger },
  { lastResultOf, deadLettersIn }: { lastResultOf: readonly string[] | null; deadLettersIn: string | null },
  stop: AbortSignal,
): Promise<void> {
  const count = deadLettersIn === null ? null : new DeadLetterCount({ kafka, db, topic: deadLettersIn })
  const collect = async () => {
    const last = lastResultOf === null ? null : await readLastResult(db, lastResultOf)
    if (last !== null) metrics.lastResult.set(last.getTime() / 1_000)
    for (const [code, letters] of (await count?.read()) ?? []) metrics.deadLettersWaiting.set({ code }, letters)
  }
  await keepDoing(COLLECT_MS, collect, (error) => log.debug({ err: error }, 'stored figures not readable'), stop)
  await count?.close()
}
