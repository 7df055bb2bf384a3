import { expect, test } from 'vitest'
import { type FetchedPartition, markAborted } from '../../../src/kafka/patches/aborted-records.ts'
import { readTopic } from '../../../src/kafka/read-topic.ts'
import { aRecord, createKafkaRoom } from '../../stack/kafka-room.ts'

type Message = FetchedPartition['messages'][number]

const aMessage = (offset: number, producerId: number, changes: Partial<Message> = {}): Message => ({
  offset: String(offset),
  key: null,
  isControlRecord: false,
  batchContext: { producerId: String(producerId), inTransaction: true },
  ...changes,
})
const marker = (offset: number, producerId: number, type: 0 | 1) =>
  aMessage(offset, producerId, { key: Buffer.from([0, 0, 0, type]), isControlRecord: true })
const abort = (producerId: number, firstOffset: number) => ({
  producerId: String(producerId),
  firstOffset: String(firstOffset),
})

/** Offsets of what a reader is shown. */
function shown(messages: Message[], ...abortedTransactions: ReturnType<typeof abort>[]): number[] {
  const partition = { messages, abortedTransactions }
  markAborted(partition)
  expect(partition.messages.length).toBe(messages.length)
  return messages.filter(({ isControlRecord }) => !isControlRecord).map(({ offset }) => Number(offset))
}

test('the list of given-up transactions may be in any order', () => {
  const log = () => [aMessage(1, 7), aMessage(2, 8), aMessage(3, 9), marker(4, 8, 0), marker(5, 7, 0), marker(6, 9, 1)]
  expect(shown(log(), abort(8, 2), abort(7, 1))).toEqual([3])
  expect(shown(log(), abort(7, 1), abort(8, 2))).toEqual([3])
})

test('several may have begun before what is fetched', () => {
  expect(shown([aMessage(10, 7), aMessage(11, 8), aMessage(12, 9)], abort(7, 1), abort(8, 2))).toEqual([12])
})

test('a transaction ends with its marker, not with a record whose key looks like one', () => {
  const zeros = aMessage(2, 7, { key: Buffer.alloc(4) })
  expect(shown([aMessage(1, 7), zeros, aMessage(3, 7), marker(4, 7, 0), aMessage(5, 7)], abort(7, 1))).toEqual([5])
})

test('a producer may give up one transaction and then another, and what is in none is always shown', () => {
  const plain = aMessage(4, 7, { batchContext: { producerId: '-1', inTransaction: false } })
  const log = [aMessage(1, 7), marker(2, 7, 0), aMessage(3, 7), plain, marker(5, 7, 1), aMessage(6, 7), marker(7, 7, 0)]
  expect(shown(log, abort(7, 6), abort(7, 1))).toEqual([3, 4])
})

test('of transactions that are given up in another order than they were begun, a reader sees nothing', async () => {
  const { kafka, topic } = await createKafkaRoom()
  const producers = [1, 2, 3].map((id) => kafka.producer({ transactionalId: `${topic}.${id}`, maxInFlightRequests: 1 }))
  await Promise.all(producers.map((producer) => producer.connect()))
  const open = []
  for (const producer of producers) {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ key: 'key', value: 'given up' }] })
    open.push(transaction)
  }
  for (const transaction of open.reverse()) await transaction.abort()
  const [first] = producers
  const kept = await first?.transaction()
  await kept?.send({ topic, messages: [aRecord(topic, 'kept')] })
  await kept?.commit()
  await Promise.all(producers.map((producer) => producer.disconnect()))
  const read = async () => {
    const seen: string[] = []
    await readTopic(kafka, topic, ({ value }) => {
      seen.push(String(value))
      return undefined
    })
    return seen
  }
  // A commit is answered a moment before its markers are written.
  await expect.poll(read).toEqual(['kept'])
})
