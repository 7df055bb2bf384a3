import { createRequire } from 'node:module'
import { expect, onTestFinished, test } from 'vitest'
import { createKafkaRoom } from './kafka-room.ts'
import { keepRunning } from './keep-running.ts'

interface Runner {
  fetch(nodeId: string): Promise<unknown[]>
}

test('a consumer that KafkaJS leaves dead reads on', async () => {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/runner') as { prototype: Runner }
  const { fetch } = prototype
  let isToFail = false
  prototype.fetch = async function (nodeId) {
    if (!isToFail) return fetch.call(this, nodeId)
    isToFail = false
    throw new TypeError('KafkaJS takes this for a fault of the program')
  }
  const { kafka, topic, group, publish } = await createKafkaRoom()
  const values: string[] = []
  const consumer = kafka.consumer({ groupId: group })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const eachMessage = async ({ message }: { message: { value: Buffer | null } }) =>
    void values.push(String(message.value))
  const stop = await keepRunning(consumer, { autoCommit: false, eachMessage })
  onTestFinished(async () => {
    prototype.fetch = fetch
    await stop()
  })
  const crashed = Promise.withResolvers<boolean>()
  consumer.on(consumer.events.CRASH, ({ payload }) => crashed.resolve(payload.restart))
  await publish('before')
  await expect.poll(() => values).toEqual(['before'])
  isToFail = true
  expect(await crashed.promise, 'whether KafkaJS starts it again').toBe(false)
  await publish('after')
  // Nothing was committed: it is given what it has read once more.
  await expect.poll(() => values.at(-1)).toBe('after')
})
