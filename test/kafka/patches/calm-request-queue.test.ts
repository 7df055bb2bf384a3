import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { calmRequestQueue } from '../../../src/kafka/patches/calm-request-queue.ts'

interface Request {
  entry: { apiKey?: number; correlationId: number; resolve(): void; reject(error: Error): void }
  expectResponse: boolean
  sendRequest(): void
}

interface Queue {
  push(request: Request): void
  fulfillRequest(reply: { correlationId: number; payload: null; size: number }): void
  maybeThrottle(ms: number): void
  scheduleRequestTimeoutCheck(): void
  scheduleCheckPendingRequests(): void
  waitForPendingRequests(): Promise<void>
  rejectAll(error: Error): void
  destroy(): void
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

function push(correlationId: number, apiKey?: number): void {
  queue.push({
    entry: {
      ...(apiKey !== undefined && { apiKey }),
      correlationId,
      resolve: () => undefined,
      reject: (error) => failed.push(error.name),
    },
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

test('a connection on which nothing waits arms no timer, and has none a second after what did', () => {
  queue.scheduleRequestTimeoutCheck()
  queue.scheduleCheckPendingRequests()
  expect(vi.getTimerCount()).toBe(0)
  push(1)
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 })
  vi.advanceTimersByTime(1_000)
  expect(vi.getTimerCount()).toBe(0)
})

test('a request behind another goes when that one is answered, and leaves no timer ringing', () => {
  push(1)
  push(2)
  expect(sent).toEqual([1])
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 })
  expect(sent).toEqual([1, 2])
  queue.fulfillRequest({ correlationId: 2, payload: null, size: 0 })
  vi.advanceTimersByTime(1_000)
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
  expect(failed).toEqual(['KafkaJSConnectionError'])
})

test('a broker that does not say what it speaks is waited for no longer than five seconds', () => {
  queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 60_000, enforceRequestTimeout: true, logger })
  const ApiVersions = 18
  push(1, ApiVersions)
  vi.advanceTimersByTime(6_001)
  expect(failed).toEqual(['KafkaJSConnectionError'])
})

test('it fails so too where the connection has been closed meanwhile', () => {
  push(1)
  queue.destroy()
  vi.advanceTimersByTime(4_001)
  expect(failed).toEqual(['KafkaJSConnectionError'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a process that stood still itself first reads what has come meanwhile', () => {
  push(1)
  vi.setSystemTime(Date.now() + 60_000)
  vi.advanceTimersByTime(1_000)
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 })
  vi.advanceTimersByTime(10_000)
  expect(failed).toEqual([])
})

test('it fails so too on a connection that was idle before, or is there again', () => {
  for (const id of [1, 2]) {
    queue.scheduleRequestTimeoutCheck()
    push(id * 10)
    queue.fulfillRequest({ correlationId: id * 10, payload: null, size: 0 })
    vi.advanceTimersByTime(10_000)
    push(id)
    vi.advanceTimersByTime(4_001)
    expect(failed.length).toBe(id)
    queue.destroy()
  }
})

test('a closed connection looks for time-outs no longer', () => {
  queue.scheduleRequestTimeoutCheck()
  push(1)
  isConnected = false
  queue.rejectAll(new Error('closed'))
  vi.advanceTimersByTime(1_000)
  expect(vi.getTimerCount()).toBe(0)
})

test('a connection that is being closed waits for what was asked no longer than its time-out', async () => {
  queue.scheduleRequestTimeoutCheck()
  push(1)
  isConnected = false
  const closed = queue.waitForPendingRequests()
  vi.advanceTimersByTime(4_001)
  await closed
  expect(failed).toEqual(['KafkaJSConnectionError'])
  expect(vi.getTimerCount()).toBe(0)
})
