import { setTimeout as sleep } from 'node:timers/promises'
import type { ProducerBatch } from 'kafkajs'
import { changeTransactions } from './change-transactions.ts'

/** Meanwhile results gather, so that the next transaction holds many and begins right after this one. */
const GATHERS_MS = 1_500

/** Everything of a transaction goes in one send, to several partitions and so to several brokers at once. */
changeTransactions((transaction) => {
  const batches: ProducerBatch[] = []
  return {
    ...transaction,
    async sendBatch(batch) {
      batches.push(batch)
      return []
    },
    async commit() {
      const topicMessages = batches.flatMap((batch) => batch.topicMessages ?? [])
      if (topicMessages.length > 0) {
        await transaction.sendBatch({ ...batches[0], topicMessages })
        await sleep(GATHERS_MS)
      }
      await transaction.commit()
    },
  }
})
