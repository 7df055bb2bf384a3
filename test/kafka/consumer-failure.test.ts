import { expect, test } from 'vitest'
import { EnrichmentError } from '../../src/errors.ts'
import { ConsumerFailure } from '../../src/kafka/consumer-failure.ts'
import type { Logger } from '../../src/log.ts'

const AWAY = new EnrichmentError('KAFKA_UNAVAILABLE', 'away')
const FORBIDDEN = new EnrichmentError('KAFKA_FORBIDDEN', 'no right')
const at = (partition: number) => ({ topic: 'topic', partition })

function watch() {
  const told: string[] = []
  const note = (fields: { partition?: number; code?: string }, text: string) =>
    void told.push([text, fields.partition, fields.code].filter((part) => part !== undefined).join(' '))
  const failure = new ConsumerFailure({
    groupId: 'group',
    log: { warn: note, info: note } as unknown as Logger,
    onRefused: (refusal) => void told.push(`refused: ${refusal?.code ?? 'no more'}`),
  })
  return { failure, told }
}

test('what fails alike of several partitions is told once, and of each that it is back', () => {
  const { failure, told } = watch()
  for (const partition of [0, 1, 0, 1]) failure.ofPartition(at(partition), AWAY)
  failure.ofPartition(at(1), null)
  expect(failure.current).toBe(AWAY)
  failure.ofPartition(at(0), null)
  failure.ofPartition(at(0), null)
  expect(failure.current).toBeNull()
  expect(told).toEqual([
    'partition will be taken over again 0 KAFKA_UNAVAILABLE',
    'partition is back 1',
    'partition is back 0',
  ])
})

test('a refusal of one partition lasts until that is over, whatever fails of another', () => {
  const { failure, told } = watch()
  failure.ofPartition(at(0), FORBIDDEN)
  failure.ofPartition(at(1), AWAY)
  failure.ofPartition(at(0), null)
  expect(told.filter((text) => text.startsWith('refused'))).toEqual(['refused: KAFKA_FORBIDDEN', 'refused: no more'])
})

test('with another assignment what failed of the former one is over, and of the member itself only once it has its own', () => {
  const { failure, told } = watch()
  failure.ofPartition(at(0), AWAY)
  failure.ended(FORBIDDEN)
  expect(failure.current).toBe(FORBIDDEN)
  failure.joined()
  expect(failure.current).toBe(FORBIDDEN)
  failure.assigned()
  expect(failure.current).toBeNull()
  failure.ofPartition(at(0), AWAY)
  failure.joined()
  expect(failure.current).toBeNull()
  expect(told.slice(1, 5)).toEqual([
    'refused: KAFKA_FORBIDDEN',
    'consumer ended and will start again KAFKA_FORBIDDEN',
    'refused: no more',
    'consumer is back',
  ])
})
