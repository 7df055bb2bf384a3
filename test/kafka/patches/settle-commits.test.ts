import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { readTopic } from '../../../src/kafka/read-topic.ts'
import { TransactionalProducer } from '../../../src/kafka/transactional-producer.ts'
import { aRecord, createKafkaRoom, takePart, untilMarked } from '../../stack/kafka-room.ts'

interface Broker {
  endTxn(request: object): Promise<unknown>
}

const NOT_COORDINATOR = 16
const INVALID_TRANSACTION_STATE = 48

/** With which codes the next ends of transactions are refused, before the broker hears of them. */
let refusals: number[] = []
let asked = 0

// Before KafkaJS is patched, so that the patch finds it so.
const { prototype } = createRequire(import.meta.url)('kafkajs/src/broker') as { prototype: Broker }
const { endTxn } = prototype
prototype.endTxn = async function (request) {
  asked += 1
  const code = refusals.shift()
  if (code !== undefined) throw Object.assign(new Error('refused'), { code })
  return endTxn.call(this, request)
}

function refuse(...codes: number[]): void {
  refusals = codes
  asked = 0
}

test('a commit is asked for again while its coordinator moves', async () => {
  const { kafka, topic, group } = await createKafkaRoom()
  const producer = new TransactionalProducer(kafka, group, takePart(group))
  await producer.init()
  refuse(NOT_COORDINATOR, NOT_COORDINATOR)
  await producer.commit([aRecord(topic, 'one')], [{ topic, partition: 0, offset: 1n }])
  await producer.commit([aRecord(topic, 'two')], [{ topic, partition: 0, offset: 2n }])
  expect(asked).toBe(4)
  await producer.close()
  await untilMarked(kafka, group)
  const values: string[] = []
  await readTopic(kafka, topic, ({ value }) => void values.push(String(value)))
  expect(values).toEqual(['one', 'two'])
})

test('a commit that is refused for another reason is over', async () => {
  const { kafka, topic, group } = await createKafkaRoom()
  const producer = new TransactionalProducer(kafka, group, takePart(group))
  await producer.init()
  refuse(INVALID_TRANSACTION_STATE)
  await expect(producer.commit([aRecord(topic, 'one')], [])).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  expect(asked).toBe(1)
})
