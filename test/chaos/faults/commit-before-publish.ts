import type { ProducerBatch } from 'kafkajs'
import { changeTransactions } from './change-transactions.ts'
import { hasRole } from './role.ts'

/** The worker commits its offsets first, and publishes in a transaction of its own afterwards. */
if (hasRole('worker')) {
  changeTransactions((transaction, begin) => {
    const later: ProducerBatch[] = []
    return {
      ...transaction,
      async sendBatch(batch) {
        later.push(batch)
        return []
      },
      async commit() {
        await transaction.commit()
        if (later.length === 0) return
        const second = await begin()
        for (const batch of later) await second.sendBatch(batch)
        await second.commit()
      },
    }
  })
}
