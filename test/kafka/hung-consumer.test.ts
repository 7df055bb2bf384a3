import type { Kafka } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { GroupConsumer } from '../../src/kafka/group-consumer.ts'
import { createKafkaRoom } from '../stack/kafka-room.ts'

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
  const values: string[] = []
  const consumer = new GroupConsumer({
    ...{ kafka, groupId: room.group, topics: [room.topic], maxBytesPerPartition: 65_536, log: room.log },
    silentMs: 4_000,
    own: async () => ({
      position: 0n,
      receive: async ({ deliveries }) => void values.push(...deliveries.map(({ value }) => String(value))),
      close: async () => undefined,
    }),
  })
  consumer.start()
  onTestFinished(() => consumer.stop())
  await expect.poll(() => consumer.failure?.message, { timeout: 20_000 }).toMatch(/no word of/)
  await expect.poll(() => values, { timeout: 20_000 }).toEqual(['one'])
})
