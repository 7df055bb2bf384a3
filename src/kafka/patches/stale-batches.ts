import { createRequire } from 'node:module'

interface Batch {
  topic: string
  partition: number
  /** Where the fetch that brought it began. */
  fetchedOffset: string
}

interface ConsumerGroup {
  seekOffset: { has(topic: string, partition: number): boolean }
  offsetManager: { resolvedOffsets: Record<string, Record<number, string>> }
  recoverFromOffsetOutOfRange(error: Error): Promise<void>
}

interface Runner {
  consumerGroup: ConsumerGroup
  handleBatch(batch: Batch): Promise<void>
}

/**
 * Lets a batch count only if it begins where its partition stands. KafkaJS 2.2.4 fetches from each broker by itself; one
 * broker's answer can join the group anew while another one's batches still wait to be handed over, and they then count
 * for the new assignment, whose position they move on past what it has not been given. Records that such a batch held are
 * fetched again from where the partition stands.
 *
 * It also commits a literal -1 or -2 outside of any transaction, and jumps, where a position is outside of the log. Here
 * that ends the consumer, so that whoever takes the partition over looks at where it stands.
 *
 * @throws Error when KafkaJS no longer has what is replaced
 */
export function dropStaleBatches(): void {
  const require = createRequire(import.meta.url)
  const { prototype: runner } = require('kafkajs/src/consumer/runner') as { prototype: Runner }
  const { prototype: group } = require('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup }
  const { KafkaJSNonRetriableError } = require('kafkajs/src/errors') as {
    KafkaJSNonRetriableError: new (error: Error) => Error
  }
  const { handleBatch } = runner
  if (typeof handleBatch !== 'function' || typeof group.recoverFromOffsetOutOfRange !== 'function') {
    throw new Error('kafkajs has no Runner.handleBatch: see whether stale-batches.ts is still needed')
  }
  runner.handleBatch = async function (batch) {
    if (isCurrent(this.consumerGroup, batch)) await handleBatch.call(this, batch)
  }
  group.recoverFromOffsetOutOfRange = async (error) => {
    throw new KafkaJSNonRetriableError(error)
  }
}

/** After a join the positions are empty until the new assignment has fetched, so what was fetched before is none of its. */
function isCurrent({ seekOffset, offsetManager }: ConsumerGroup, { topic, partition, fetchedOffset }: Batch): boolean {
  if (seekOffset.has(topic, partition)) return false
  const position = offsetManager.resolvedOffsets[topic]?.[partition]
  // It fetches from 0 where its position is none.
  return position !== undefined && (Number(position) < 0 ? '0' : position) === fetchedOffset
}
