import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Delivery } from '../../src/kafka/delivery.ts'
import { WaitingRecords } from '../../src/relay/waiting-records.ts'

const NOW = 1_767_225_600_000
const MOST = { records: 4, bytes: 1_000_000 }

function aDelivery(offset: number, dueIn: number | string, size = 1): Delivery {
  const notBefore = typeof dueIn === 'string' ? dueIn : new Date(NOW + dueIn).toISOString()
  return {
    topic: 'retry',
    partition: 0,
    offset: BigInt(offset),
    nextOffset: BigInt(offset + 1),
    timestamp: NOW,
    key: null,
    value: Buffer.alloc(size),
    headers: { 'enricher-not-before': Buffer.from(notBefore) },
  }
}

function wait(...deliveries: Delivery[]): WaitingRecords {
  const waiting = new WaitingRecords(MOST, 0n)
  waiting.add(deliveries, deliveries.at(-1)?.nextOffset ?? 0n, NOW)
  return waiting
}

const offsetsDue = (waiting: WaitingRecords, now: number, most = 100) =>
  waiting.due(now, most)?.deliveries.map(({ offset }) => Number(offset))

test('what is due goes from the head on, to the millisecond, and a head that is not due holds what stands behind it', () => {
  const waiting = wait(aDelivery(1, 10), aDelivery(2, 20), aDelivery(3, 5))
  expect(waiting.headDueAt).toBe(NOW + 10)
  expect(offsetsDue(waiting, NOW + 9)).toBeUndefined()
  expect(offsetsDue(waiting, NOW + 10)).toEqual([1])
  expect(offsetsDue(waiting, NOW + 20)).toEqual([1, 2, 3])
  expect(offsetsDue(waiting, NOW + 20, 2)).toEqual([1, 2])
})

test.each(['', 'soon', '9999-12-31T23:59:59.999Z', '0000-01-01T00:00:00.000Z'])(
  'not before %j: due at once, and nothing behind it is held',
  (text) => {
    expect(offsetsDue(wait(aDelivery(1, text), aDelivery(2, 0)), NOW)).toEqual([1, 2])
  },
)

test('markers that nothing waits in front of are passed, once, and no offset is ever lowered', () => {
  const waiting = new WaitingRecords(MOST, 7n)
  waiting.add([], 7n, NOW)
  expect(waiting.due(NOW, 10)).toBeUndefined()
  waiting.add([], 8n, NOW)
  expect(waiting.due(NOW, 10)).toEqual({ deliveries: [], offset: 8n })
  waiting.drop(8n)
  expect(waiting.due(NOW, 10)).toBeUndefined()
  waiting.add([], 5n, NOW)
  expect(waiting.due(NOW, 10)).toBeUndefined()
})

test('markers behind a record that waits are passed with it', () => {
  const waiting = wait(aDelivery(1, 10))
  waiting.add([], 3n, NOW)
  expect(waiting.due(NOW, 10)).toBeUndefined()
  expect(waiting.due(NOW + 10, 10)?.offset).toBe(3n)
})

test('it is full by number or by bytes, and has room again when half of both is gone', () => {
  const many = wait(...[1, 2, 3, 4].map((offset) => aDelivery(offset, offset)))
  expect([many.isFull, many.isHalfEmpty]).toEqual([true, false])
  many.drop(2n)
  expect([many.isFull, many.isHalfEmpty]).toEqual([false, false])
  many.drop(3n)
  expect(many.isHalfEmpty).toBe(true)

  const large = wait(aDelivery(1, 0, 600_000), aDelivery(2, 0, 600_000))
  expect(large.isFull).toBe(true)
  large.drop(2n)
  expect([large.isFull, large.isHalfEmpty]).toEqual([false, false])
  large.drop(3n)
  expect([large.isHalfEmpty, large.headDueAt]).toEqual([true, undefined])
})

test('whatever the times, every record comes out once, in order and never early', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), fc.integer({ min: 1, max: 7 }), (dueIns, most) => {
      const waiting = wait(...dueIns.map((dueIn, index) => aDelivery(index, dueIn)))
      const out: number[] = []
      for (let now = NOW; now <= NOW + 1_000; now += 50) {
        for (let due = waiting.due(now, most); due !== undefined; due = waiting.due(now, most)) {
          for (const { offset } of due.deliveries) {
            expect(NOW + (dueIns[Number(offset)] ?? 0)).toBeLessThanOrEqual(now)
            out.push(Number(offset))
          }
          waiting.drop(due.offset)
        }
      }
      expect(out).toEqual(dueIns.map((_, index) => index))
    }),
  )
})
