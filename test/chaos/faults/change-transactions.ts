import kafkajs, { type Producer, type Transaction } from 'kafkajs'

interface ProducerOptions {
  transactionalId?: string
}

/**
 * Puts something between the service and KafkaJS's transactions.
 *
 * @param change makes another transaction of a begun one; `begin` begins one more, as it is
 */
export function changeTransactions(
  change: (transaction: Transaction, begin: () => Promise<Transaction>) => Transaction,
) {
  const { prototype } = kafkajs.Kafka
  const original = prototype.producer
  prototype.producer = function (this: unknown, options: ProducerOptions): Producer {
    const producer = original.call(this as never, options as never)
    if (options.transactionalId === undefined) return producer
    const begin = producer.transaction.bind(producer)
    return { ...producer, transaction: async () => change(await begin(), begin) }
  } as typeof original
}
