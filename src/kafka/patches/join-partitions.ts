import { createRequire } from 'node:module'

interface Producing {
  transactionalId: string
  producerId: string
  producerEpoch: number
}

interface Broker {
  addPartitionsToTxn(request: Producing & { topics: TopicPartitions[] }): Promise<unknown>
  addOffsetsToTxn(request: Producing & { groupId: string }): Promise<unknown>
}

export interface TopicPartitions {
  topic: string
  partitions: number[]
}

/** By transactional id what its transaction takes part in besides. */
const joining = new Map<string, TopicPartitions[]>()

/**
 * Lets a transaction of KafkaJS 2.2.4 take part in partitions to which it sends nothing: with the first offsets that it
 * sends, those of `joinPartitions`. KafkaJS itself adds a partition only with a record. Again is harmless.
 *
 * @throws Error when KafkaJS no longer has what is replaced: the version is pinned, so that is a forgotten upgrade
 */
export function letTransactionsJoin(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/broker') as { prototype: Broker }
  const addOffsets = prototype.addOffsetsToTxn
  if (typeof addOffsets !== 'function' || typeof prototype.addPartitionsToTxn !== 'function') {
    throw new Error('kafkajs has no Broker.addOffsetsToTxn: see whether join-partitions.ts is still needed')
  }
  prototype.addOffsetsToTxn = async function (request) {
    const { groupId: _, ...producing } = request
    const topics = joining.get(request.transactionalId) ?? []
    if (topics.length > 0) await this.addPartitionsToTxn({ ...producing, topics })
    joining.delete(request.transactionalId)
    return addOffsets.call(this, request)
  }
}

/** The next transaction of the id that sends offsets takes part in these as well. */
export function joinPartitions(transactionalId: string, topics: TopicPartitions[]): void {
  joining.set(transactionalId, topics)
}
