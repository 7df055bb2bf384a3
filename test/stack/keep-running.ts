import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, ConsumerRunConfig } from 'kafkajs'

const AGAIN_AFTER_MS = 500

/**
 * Of a reader's membership. A broker that comes back lets a group go on once the sessions of its former members are over: with
 * KafkaJS's 30 s a reader saw results that long after they were there, and told them late.
 */
export const SHORT_SESSION = { sessionTimeout: 10_000, heartbeatInterval: 2_000 }

/**
 * Runs a KafkaJS consumer as a program would that must not end: KafkaJS starts it again by itself after some failures, and
 * leaves it dead after others.
 *
 * @returns once it runs; what stops it for good
 */
export async function keepRunning(consumer: Consumer, config: ConsumerRunConfig): Promise<() => Promise<void>> {
  let isOver = false
  const runAgain = async () => {
    for (;;) {
      await sleep(AGAIN_AFTER_MS)
      if (isOver) return
      const isUp = await consumer.connect().then(
        () => consumer.run(config).then(() => true),
        () => false,
      )
      if (isUp) return
    }
  }
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (payload.restart) return
    console.error(`a reader's consumer is started again: ${payload.error.stack}`)
    void runAgain()
  })
  await consumer.run(config)
  return async () => {
    isOver = true
    await consumer.disconnect()
  }
}
