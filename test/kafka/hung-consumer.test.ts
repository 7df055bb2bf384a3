import type { Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import { createKafkaRoom, follow } from '../stack/kafka-room.ts'

test('a consumer of KafkaJS that hangs and says nothing, not even when it is ended, is left to itself', async () => {
  const room = await createKafkaRoom()
  await room.publish('one')
  let hanging = 0
  const kafka = {
    consumer(options: Parameters<Kafka['consumer']>[0]) {
      const real = room.kafka.consumer(options)
      if (hanging++ > 0) return real
      const never = () => new Promise<never>(() => undefined)
      return Object.assign(Object.create(real), { connect: never, disconnect: never })
    },
  } as unknown as Kafka
  const { consumer, values } = follow(room, { kafka, silentMs: 4_000 })
  await expect.poll(() => consumer.failure?.message, { timeout: 20_000 }).toMatch(/no word of/)
  await expect.poll(() => values, { timeout: 20_000 }).toEqual(['one'])
})
