import type { ProducerBatch } from 'kafkajs'
import { changeTransactions } from './change-transactions.ts'

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
      if (topicMessages.length > 0) await transaction.sendBatch({ ...batches[0], topicMessages })
      await transaction.commit()
    },
  }
})
