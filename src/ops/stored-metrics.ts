import type { Database } from '../db/database.ts'
import type { Kafka } from '../kafka/kafka-client.ts'
import { keepDoing } from '../keep-doing.ts'
import type { Logger } from '../log.ts'
import { metrics } from '../metrics.ts'
import { DeadLetterCount } from './dead-letter-count.ts'
import { LastResult } from './last-result.ts'

const COLLECT_MS = 10_000

/**
 * Keeps up to date what outlives the processes, so that neither a restart nor a takeover makes it read wrong: when the
 * lane's last result was, and how many dead letters wait. What cannot be read keeps its last figure.
 *
 * @returns when the signal is aborted
 */
export async function keepStoredMetrics(
  { kafka, db, log }: { kafka: Kafka; db: Database; log: Logger },
  { lastResultOf, deadLettersIn }: { lastResultOf: string | null; deadLettersIn: string | null },
  stop: AbortSignal,
): Promise<void> {
  const count = deadLettersIn === null ? null : new DeadLetterCount({ kafka, db, topic: deadLettersIn })
  const lastResult = lastResultOf === null ? null : new LastResult(db, lastResultOf)
  const collect = async () => {
    const last = (await lastResult?.read(Date.now())) ?? null
    if (last !== null) metrics.lastResult.set(last.getTime() / 1_000)
    for (const [code, letters] of (await count?.read()) ?? []) metrics.deadLettersWaiting.set({ code }, letters)
  }
  await keepDoing(COLLECT_MS, collect, (error) => log.debug({ err: error }, 'stored figures not readable'), stop)
  await count?.close()
}
