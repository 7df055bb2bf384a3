import { createRequire } from 'node:module'

interface ConsumerGroup {
  /** When the last heartbeat was answered, in milliseconds since 1970. */
  lastRequest: number
  heartbeat(options: { interval: number }): Promise<void>
}

/**
 * Keeps heartbeats coming when the wall clock is put back. KafkaJS 2.2.4 sends one when enough time has passed since the
 * last, by the wall clock: put back by an hour it sends none for that hour, fetches on, and never hears that its
 * partitions went to another member.
 *
 * @throws Error when KafkaJS no longer has what is replaced
 */
export function keepHeartbeatsSteady(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup }
  const { heartbeat } = prototype
  if (typeof heartbeat !== 'function')
    throw new Error('kafkajs has no ConsumerGroup.heartbeat: see whether steady-heartbeats.ts is still needed')
  prototype.heartbeat = async function (options) {
    // What lies in the future was told by another clock.
    if (this.lastRequest > Date.now()) this.lastRequest = 0
    await heartbeat.call(this, options)
  }
}
