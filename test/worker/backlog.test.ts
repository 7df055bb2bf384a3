import { expect, test } from 'vitest'
import type { Delivery } from '../../src/kafka/delivery.ts'
import { Backlog } from '../../src/worker/backlog.ts'

const delivery = (topic: string, offset: bigint): Delivery => ({
  topic,
  partition: 0,
  offset,
  nextOffset: offset + 1n,
  timestamp: 0,
  key: null,
  value: null,
  headers: {},
})

test('topics take turns, each in its own order', async () => {
  const backlog = new Backlog(['a', 'b'])
  backlog.push([delivery('a', 1n), delivery('a', 2n), delivery('a', 3n), delivery('b', 1n)])
  const taken: string[] = []
  for (let count = 0; count < 4; count += 1) {
    const { topic, offset } = (await backlog.take(new AbortController().signal)) ?? delivery('none', 0n)
    taken.push(`${topic}${offset}`)
  }
  expect(taken).toEqual(['a1', 'b1', 'a2', 'a3'])
})

test('taking waits for the next record, and ends with nothing when told to stop', async () => {
  const backlog = new Backlog(['a'])
  const stop = new AbortController()
  const next = backlog.take(stop.signal)
  backlog.push([delivery('a', 7n)])
  expect((await next)?.offset).toBe(7n)
  const never = backlog.take(stop.signal)
  stop.abort()
  expect(await never).toBeUndefined()
})
