import { randomBytes, randomUUID } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import type { OutgoingRecord } from '../../src/kafka/delivery.ts'
import { createKafka } from '../../src/kafka/kafka-client.ts'
import { NULL_HEADER } from '../../src/kafka/patches/null-headers.ts'
import { fitsInto, headerBytes, recordBytes } from '../../src/kafka/record-size.ts'
import { createMissingTopics } from '../../src/kafka/topics.ts'
import { TransactionalProducer } from '../../src/kafka/transactional-producer.ts'
import { createLogger } from '../../src/log.ts'
import { takePart } from '../stack/kafka-room.ts'

const LIMIT = 100_000
const topic = `size-${randomUUID()}`
const aRecord = (changes: Partial<OutgoingRecord>): OutgoingRecord => ({ topic, key: null, value: null, ...changes })

test('repeated headers count each with their name, and what has no value counts as nothing', () => {
  expect(headerBytes({})).toBe(0)
  const one = headerBytes({ name: 'value' })
  expect(one).toBeGreaterThan('namevalue'.length)
  expect(headerBytes({ name: ['value', 'value'], none: [] })).toBe(2 * one)
  expect(headerBytes({ name: NULL_HEADER })).toBe(one - 'value'.length)
  const headers = { name: '\u20ac' }
  expect(recordBytes(aRecord({ key: 'k', value: Buffer.alloc(10), headers })) - recordBytes(aRecord({ headers }))).toBe(
    11,
  )
})

test.each([
  ['a small one', { value: Buffer.alloc(10) }, true],
  ['random bytes well below', { value: randomBytes(LIMIT - 1_000) }, true],
  ['random bytes beyond', { value: randomBytes(LIMIT + 100) }, false],
  ['what compresses', { value: Buffer.alloc(20 * LIMIT) }, true],
  ['a large key', { key: randomBytes(LIMIT + 100) }, false],
  ['large headers', { headers: { large: [randomBytes(LIMIT / 2), randomBytes(LIMIT / 2)] } }, false],
  ['more than is tried', { value: Buffer.alloc(70_000_000) }, false],
])('%s fits, or does not', (_, changes, fits) => {
  expect(fitsInto(aRecord(changes), LIMIT)).toBe(fits)
})

test('what is said to fit is taken by a broker, up to the last byte', async () => {
  const kafka = createKafka(inject('kafkaBrokers').split(','), topic, createLogger('fatal'))
  const plan = { topic, partitions: 1, keepsForever: false, mustHaveOnePartition: false, maxMessageBytes: LIMIT }
  await createMissingTopics(kafka, [plan])
  const producer = new TransactionalProducer(kafka, topic, takePart(topic))
  await producer.init()
  const records = Array.from({ length: 400 }, (_, index) => {
    const many = Object.fromEntries(
      Array.from({ length: index % 40 }, (_, each) => [`h${each}`, [randomBytes(each), '']]),
    )
    return aRecord({ key: randomBytes(index), value: randomBytes(LIMIT - 2 * index), headers: many })
  }).filter((record) => fitsInto(record, LIMIT))
  expect(records.length).toBeGreaterThan(20)
  for (const record of records.slice(0, 20)) await producer.commit([record], [])
  await producer.close()
})
