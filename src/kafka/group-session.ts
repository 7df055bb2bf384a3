import type { TopicPartition } from './delivery.ts'

/** One membership in the group: from a join to the next one. */
export interface Session {
  ready: Promise<void>
  /** By "topic/partition" where the next batch must begin; empty until it is ready. */
  positions: Map<string, bigint>
  abort: AbortController
  /** The error that ended it, to be shown to KafkaJS so that it joins again. */
  lost: unknown
}

export const toKey = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`
