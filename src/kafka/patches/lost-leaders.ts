import { createRequire } from 'node:module'

interface ConsumerGroup {
  cluster: {
    brokerPool: { metadata: object | null; metadataExpireAt: number | null }
    getNodeIds(): string[]
    findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[]
  }
  subscriptionState: { assigned(): { topic: string; partitions: number[] }[] }
  fetch(nodeId: string): Promise<unknown[]>
}

/**
 * KafkaJS 2.2.4 strikes a broker off its list once the connection to it is closed, which may be long after it was told that
 * the broker is gone, and also when it has been told meanwhile that the broker is back (BrokerPool.refreshMetadata waits
 * for the answers to all that was asked of the one that went). A consumer then fetches from the others alone and asks for
 * the cluster's state again after five minutes: what the forgotten broker leads stands still, while heartbeats go on and
 * nothing is an error. Here a fetch asks first where a leader is not on the list.
 *
 * @throws Error when KafkaJS no longer has what is replaced
 */
export function findLostLeaders(): void {
  const { prototype: group } = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as {
    prototype: ConsumerGroup
  }
  const { fetch } = group
  if (typeof fetch !== 'function')
    throw new Error('kafkajs has no ConsumerGroup.fetch: see whether lost-leaders.ts is still needed')
  group.fetch = function (nodeId) {
    const { brokerPool } = this.cluster
    if (brokerPool.metadata !== null && !knowsLeaders(this)) brokerPool.metadataExpireAt = null
    return fetch.call(this, nodeId)
  }
}

function knowsLeaders({ cluster, subscriptionState }: ConsumerGroup): boolean {
  const known = cluster.getNodeIds()
  return subscriptionState
    .assigned()
    .every(({ topic, partitions }) =>
      cluster
        .findTopicPartitionMetadata(topic)
        .every(({ partitionId, leader }) => !partitions.includes(partitionId) || known.includes(String(leader))),
    )
}
