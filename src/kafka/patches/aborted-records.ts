import { createRequire } from 'node:module'

interface FetchedMessage {
  offset: string
  key: Buffer | null
  isControlRecord: boolean
  batchContext?: { producerId: string; inTransaction: boolean }
}

export interface FetchedPartition {
  abortedTransactions: { producerId: string; firstOffset: string }[] | null
  messages: FetchedMessage[]
}

interface Broker {
  fetch(request: object): Promise<{ responses: { partitions: FetchedPartition[] }[] }>
}

/**
 * Keeps records of given-up transactions from readers. KafkaJS 2.2.4 means to, but takes the broker's list of them to be
 * in the order of their beginnings, which it is not: when several producers' transactions on one topic are given up, as
 * after a kill, their records reach read_committed readers. It also takes a record for the end of a transaction whose
 * key is four zero bytes. Here each fetch is judged before KafkaJS sees it. Again is harmless.
 *
 * @throws Error when KafkaJS no longer has what is replaced: the version is pinned, so that is a forgotten upgrade
 */
export function hideAbortedRecords(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/broker') as { prototype: Broker }
  const fetch = prototype.fetch
  if (typeof fetch !== 'function') {
    throw new Error('kafkajs has no Broker.fetch: see whether aborted-records.ts is still needed')
  }
  prototype.fetch = async function (request) {
    const answer = await fetch.call(this, request)
    for (const { partitions } of answer.responses) for (const partition of partitions) markAborted(partition)
    return answer
  }
}

/**
 * Marks the records of given-up transactions as control records, which KafkaJS passes over and counts as read, and
 * leaves it nothing to judge itself. What is a transaction's record and where it ends is as in Kafka's own client.
 */
export function markAborted(partition: FetchedPartition): void {
  const { abortedTransactions, messages } = partition
  if (!abortedTransactions?.length) return
  const upcoming = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId: String(producerId), firstOffset: BigInt(firstOffset) }))
    .sort((a, b) => Number(a.firstOffset - b.firstOffset))
  const aborted = new Set<string>()
  for (const message of messages) {
    for (let next = upcoming[0]; next && next.firstOffset <= BigInt(message.offset); next = upcoming[0]) {
      aborted.add(next.producerId)
      upcoming.shift()
    }
    const producerId = String(message.batchContext?.producerId)
    if (message.isControlRecord) {
      // A marker's key is a version and a type in two bytes each; type 0 is an abort.
      if (message.key?.readInt16BE(2) === 0) aborted.delete(producerId)
    } else if (message.batchContext?.inTransaction && aborted.has(producerId)) {
      message.isControlRecord = true
    }
  }
  partition.abortedTransactions = []
}
