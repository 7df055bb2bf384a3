import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { calmRequestQueue } from '../../../src/kafka/patches/calm-request-queue.ts'

interface Request {
  entry: { correlationId: number; resolve(): void; reject(error: Error): void }
  expectResponse: boolean
  sendRequest(): void
}

interface Queue {
  push(request: Request): void
  fulfillRequest(reply: { correlationId: number; payload: null; size: number }): void
  maybeThrottle(ms: number): void
  scheduleRequestTimeoutCheck(): void
  scheduleCheckPendingRequests(): void
}

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (
  options: object,
) => Queue

calmRequestQueue()

let isConnected: boolean
let sent: number[]
let failed: string[]
let queue: Queue

const logger = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, () => undefined]))

function push(correlationId: number): void {
  queue.push({
    entry: { correlationId, resolve: () => undefined, reject: (error) => failed.push(error.name) },
    expectResponse: true,
    sendRequest: () => sent.push(correlationId),
  })
}

beforeEach(() => {
  vi.useFakeTimers()
  isConnected = true
  sent = []
  failed = []
  queue = new RequestQueue({
    maxInFlightRequests: 1,
    requestTimeout: 3_000,
    enforceRequestTimeout: true,
    logger,
    isConnected: () => isConnected,
  })
})
afterEach(() => {
  vi.useRealTimers()
})

test('a connection on which nothing waits arms no timer', () => {
  queue.scheduleCheckPendingRequests()
  push(1)
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 })
  expect(vi.getTimerCount()).toBe(0)
})

test('a request behind another goes when that one is answered, and leaves no timer ringing', () => {
  push(1)
  push(2)
  expect(sent).toEqual([1])
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 })
  expect(sent).toEqual([1, 2])
  vi.advanceTimersByTime(100)
  expect(vi.getTimerCount()).toBe(0)
})

test('a throttled request goes as soon as the broker allows', () => {
  queue.maybeThrottle(500)
  push(1)
  vi.advanceTimersByTime(490)
  expect(sent).toEqual([])
  vi.advanceTimersByTime(20)
  expect(sent).toEqual([1])
})

test('a request that is not answered in time fails within a second of its time-out', () => {
  queue.scheduleRequestTimeoutCheck()
  push(1)
  vi.advanceTimersByTime(2_999)
  expect(failed).toEqual([])
  vi.advanceTimersByTime(1_002)
  expect(failed).toEqual(['KafkaJSRequestTimeoutError'])
})

test('a closed connection looks for time-outs no longer', () => {
  queue.scheduleRequestTimeoutCheck()
  isConnected = false
  vi.advanceTimersByTime(1_000)
  expect(vi.getTimerCount()).toBe(0)
})
