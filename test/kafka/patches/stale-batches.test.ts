import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { createKafka } from '../../../src/kafka/kafka-client.ts'
import { createLogger } from '../../../src/log.ts'

interface Runner {
  handleBatch(batch: object): Promise<void>
}

createKafka(['127.0.0.1:1'], 'applies the patches', createLogger('fatal'))
const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/runner') as { prototype: Runner }

/** Whether KafkaJS handles a batch that was fetched at an offset, given where its partition stands. */
async function isHandled(fetchedOffset: string, position: string | undefined, isSought = false): Promise<boolean> {
  let handled = false
  const runner = Object.assign(Object.create(prototype) as Runner, {
    running: true,
    consumerGroup: {
      seekOffset: { has: () => isSought },
      offsetManager: { resolvedOffsets: { topic: position === undefined ? {} : { 0: position } } },
      heartbeat: async () => undefined,
    },
    heartbeat: async () => undefined,
  })
  const batch = {
    topic: 'topic',
    partition: 0,
    fetchedOffset,
    messages: [],
    offsetLag: () => '0',
    offsetLagLow: () => '0',
    firstOffset: () => null,
    lastOffset: () => '0',
    isEmptyDueToFiltering: () => false,
    isEmpty() {
      handled = true
      return true
    },
  }
  await runner.handleBatch(batch)
  return handled
}

test('a batch counts that begins where its partition stands', async () => {
  expect(await isHandled('7', '7')).toBe(true)
  expect(await isHandled('0', '-1')).toBe(true)
})

test.each([
  ['another position, after a join or a seek', '7', '3', false],
  ['none yet, after a join', '7', undefined, false],
  ['one that is about to be sought', '7', '7', true],
] as const)('a batch of another time does not: %s', async (_, fetchedOffset, position, isSought) => {
  expect(await isHandled(fetchedOffset, position, isSought)).toBe(false)
})
