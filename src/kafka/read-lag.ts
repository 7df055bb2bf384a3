import type { TopicPartition } from './delivery.ts'
import type { Admin } from './kafka-client.ts'

export interface PartitionLag extends TopicPartition {
  /** Where the group goes on; null when it has committed nothing yet. */
  committed: bigint | null
  /** Where the first record stands that the group has not finished: as committed, or where the log begins. */
  next: bigint
  /** Where the next record will stand. */
  end: bigint
  /** Records from there to the end; markers among them count too, until a batch that holds them is committed. */
  lag: bigint
}

/** How far a group is behind, by partition. @throws what withAdmin makes of a KafkaJS error */
export async function readLag(admin: Admin, groupId: string, topics: string[]): Promise<PartitionLag[]> {
  const committed = await admin.fetchOffsets({ groupId, topics })
  const byTopic = topics.map(async (topic) => {
    const own = committed.find((entry) => entry.topic === topic)?.partitions ?? []
    const ends = await admin.fetchTopicOffsets(topic)
    return ends.map(({ partition, low, high }): PartitionLag => {
      const offset = BigInt(own.find((entry) => entry.partition === partition)?.offset ?? -1)
      const start = BigInt(low)
      // What retention has deleted cannot be finished any more.
      const next = offset > start ? offset : start
      const end = BigInt(high)
      return {
        topic,
        partition,
        committed: offset < 0n ? null : offset,
        next,
        end,
        lag: end > next ? end - next : 0n,
      }
    })
  })
  return (await Promise.all(byTopic)).flat()
}

const PRECISION_MS = 1_000

/**
 * When the oldest unfinished record of a partition was written, in milliseconds since 1970: to the second, and never
 * later than now. Kafka tells only the first offset at or after a time, so the time is searched for.
 *
 * @param knownMs an answer from before, which makes the search short; it need not hold any more
 * @throws what withAdmin makes of a KafkaJS error
 */
export async function findOldestTime(
  admin: Admin,
  { topic, partition, next }: Pick<PartitionLag, 'topic' | 'partition' | 'next'>,
  knownMs = 0,
): Promise<number> {
  const isWrittenAfter = async (time: number) => {
    const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, time)
    return BigInt(offsets.find((entry) => entry.partition === partition)?.offset ?? 0) <= next
  }
  let high = Date.now()
  const isKnownGood = knownMs > 0 && (await isWrittenAfter(knownMs))
  let low = isKnownGood ? knownMs : 0
  // Near the known answer first, in growing steps: a backlog was mostly written within seconds.
  let step = isKnownGood ? PRECISION_MS : high
  while (high - low > PRECISION_MS) {
    const probe = Math.min(low + step, Math.floor((low + high) / 2))
    if (await isWrittenAfter(probe)) low = probe
    else high = probe
    step *= 2
  }
  return low
}
