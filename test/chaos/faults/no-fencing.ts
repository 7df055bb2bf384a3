import kafkajs from 'kafkajs'
import { hasRole } from './role.ts'

/** Each worker has a transactional id of its own, so that a new owner of the lane does not shut out the former one. */
if (hasRole('worker')) {
  const { prototype } = kafkajs.Kafka
  const original = prototype.producer
  prototype.producer = function (this: InstanceType<typeof kafkajs.Kafka>, options = {}) {
    const { transactionalId } = options
    if (transactionalId === undefined) return original.call(this, options)
    return original.call(this, { ...options, transactionalId: `${transactionalId}.${process.pid}` })
  }
}
