import type { Kafka, PartitionAssigner } from 'kafkajs'
import type { EnrichmentError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Delivery, TopicPartition } from './delivery.ts'

export interface DeliveredBatch extends TopicPartition {
  /** In order; none where only transaction markers or records of given-up transactions stood. */
  deliveries: Delivery[]
  /** Where the next batch begins: to be committed once everything delivered is done, or the markers stay behind as lag. */
  nextOffset: bigint
  /** Aborted when the partition is lost or the consumer stops: finish or give up, then return. */
  signal: AbortSignal
}

/** A partition in this member's possession. */
export interface OwnedPartition {
  /**
   * Where to read on: KafkaJS looked for it before the possession, also at offsets of transactions that were given up, and
   * jumps silently where one is outside of the log.
   */
  readonly position: bigint
  /** Deliveries in order; once it resolves they are not delivered again to this possession. What it throws ends that. */
  receive(batch: DeliveredBatch): Promise<void>
  /** Nothing comes any more. Resolves once nothing of it is under way. */
  close(): Promise<void>
}

export interface GroupConsumerOptions {
  kafka: Kafka
  groupId: string
  /** Those that are followed; a function is asked again whenever KafkaJS's consumer is replaced. @throws as Kafka does */
  topics: string[] | (() => Promise<string[]>)
  /** Default: partitions are dealt out in turn. */
  assigners?: PartitionAssigner[]
  /** How many bytes of one partition a fetch may bring (a producer's batch comes whole, whatever its size). */
  maxBytesPerPartition: number
  /** Milliseconds without a word of the group after which KafkaJS's consumer is taken for dead. @default 60000 */
  silentMs?: number
  log: Logger
  /** Told of every join at once. */
  onJoin?(): void
  /**
   * After every join, before possession of any partition is taken. However long it takes, the member stays in the group. One
   * at a time: the next one waits, whatever becomes of this one.
   *
   * @param signal aborted at the next join, or when the consumer ends
   */
  onAssigned?(assignment: TopicPartition[], signal: AbortSignal): Promise<void>
  /**
   * Takes possession of one partition of the assignment; again some time after it failed, while the others go on. Never
   * before a former possession by this member is closed.
   *
   * @param signal aborted at the next join, or when the consumer ends: of an assignment that is over nothing may be taken, it
   *   would fence whoever has the partition now
   * @param fail tells that possession turned out to be lost: it is taken again, the others go on
   * @throws why it cannot be had
   */
  own(partition: TopicPartition, signal: AbortSignal, fail: (error: unknown) => void): Promise<OwnedPartition>
  /** Told when Kafka refuses what the member needs, which waiting does not mend, and with null once that is over. */
  onRefused?(refusal: EnrichmentError | null): void
}
