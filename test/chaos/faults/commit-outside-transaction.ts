import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Consumer, type TopicPartitionOffsetAndMetadata } from 'kafkajs'
import { changeTransactions } from './change-transactions.ts'
import { hasRole } from './role.ts'

const GAP_MS = 1_500

/** Intake publishes in a transaction and commits its offsets afterwards, as a plain consumer does. */
if (hasRole('intake')) {
  let consumer: Consumer | undefined
  const { prototype } = kafkajs.Kafka
  const original = prototype.consumer
  prototype.consumer = function (this: InstanceType<typeof kafkajs.Kafka>, options) {
    consumer = original.call(this, options)
    return consumer
  }
  changeTransactions((transaction) => {
    const later: TopicPartitionOffsetAndMetadata[] = []
    return {
      ...transaction,
      async sendOffsets({ topics }) {
        for (const { topic, partitions } of topics) later.push(...partitions.map((it) => ({ topic, ...it })))
      },
      async commit() {
        await transaction.commit()
        await sleep(GAP_MS)
        await consumer?.commitOffsets(later)
      },
    }
  })
}
