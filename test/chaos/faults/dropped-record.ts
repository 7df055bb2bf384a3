import { changeTransactions } from './change-transactions.ts'
import { hasRole } from './role.ts'

/** Intake forgets the last record of every transaction with several, and commits all the same. */
if (hasRole('intake')) {
  changeTransactions((transaction) => ({
    ...transaction,
    sendBatch(batch) {
      const topicMessages = (batch.topicMessages ?? []).map(({ topic, messages }) => ({
        topic,
        messages: messages.length > 1 ? messages.slice(0, -1) : messages,
      }))
      return transaction.sendBatch({ ...batch, topicMessages })
    },
  }))
}
