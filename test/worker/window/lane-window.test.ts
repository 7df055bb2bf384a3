import { expect, test } from 'vitest'
import type { Delivery } from '../../../src/kafka/delivery.ts'
import { LaneWindow } from '../../../src/worker/window/lane-window.ts'

/** Offsets leave gaps, as control records do. */
const delivery = (topic: string, offset: bigint): Delivery => ({
  topic,
  partition: 0,
  offset,
  nextOffset: offset + 2n,
  timestamp: 0,
  key: null,
  value: null,
  headers: {},
})

const names = (slots: { delivery: Delivery }[]) => slots.map(({ delivery: { topic, offset } }) => `${topic}${offset}`)

function filled(): LaneWindow<string> {
  const window = new LaneWindow<string>(['a', 'b'])
  window.add([delivery('a', 0n), delivery('a', 2n), delivery('a', 4n), delivery('b', 0n)])
  return window
}

function startAll(window: LaneWindow<string>) {
  const slots = []
  for (let slot = window.startNext(); slot !== undefined; slot = window.startNext()) slots.push(slot)
  return slots
}

test('topics take turns, each in its own order', () => {
  expect(names(startAll(filled()))).toEqual(['a0', 'b0', 'a2', 'a4'])
})

test('only the finished beginning of each topic may be published', () => {
  const window = filled()
  const [a0, b0, a2, a4] = startAll(window)
  if (a2) a2.outcome = 'done'
  if (a4) a4.outcome = 'done'
  if (b0) b0.outcome = 'done'
  expect(names(window.finishedPrefix())).toEqual(['b0'])
  if (a0) a0.outcome = 'done'
  expect(names(window.finishedPrefix()).sort()).toEqual(['a0', 'a2', 'a4', 'b0'])
})

test('what is delivered again attaches to the work that goes on', () => {
  const window = filled()
  const [a0] = startAll(window)
  window.add([delivery('a', 0n), delivery('a', 2n), delivery('a', 4n), delivery('a', 6n)])
  expect(names(startAll(window))).toEqual(['a6'])
  if (a0) a0.outcome = 'done'
  expect(names(window.finishedPrefix())).toEqual(['a0'])
})

test('what is committed leaves the window, and what was finished of it is told', () => {
  const window = filled()
  const [a0] = startAll(window)
  if (a0) a0.outcome = 'done'
  expect(names(window.dropBelow(new Map([['a', 2n]])))).toEqual(['a0'])
  expect(names(window.finishedPrefix())).toEqual([])
  expect(names(window.dropBelow(new Map([['a', 2n]])))).toEqual([])
})

test('what is put back is started once more, before those behind it', () => {
  const window = filled()
  const [a0, b0, a2] = [window.startNext(), window.startNext(), window.startNext()]
  if (a2) window.putBack(a2)
  if (a0) window.putBack(a0)
  expect(window.waitingIn('a').records).toBe(3)
  expect(names(startAll(window))).toEqual(['a0', 'a2', 'a4'])
  window.dropBelow(new Map([['b', 2n]]))
  if (b0) window.putBack(b0)
  expect(window.startNext(), 'what has left the window').toBeUndefined()
})
