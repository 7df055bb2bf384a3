import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'

interface SocketRequest {
  sentAt: number
  requestTimeout: number
  broker: string
  entry: { apiKey: number; reject(error: Error): void }
  timeoutRequest(): void
}

interface RequestQueue extends EventEmitter {
  pending: unknown[]
  inflight: Map<unknown, SocketRequest>
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  requestTimeoutIntervalId: NodeJS.Timeout | undefined
  enforceRequestTimeout: boolean
  checkPendingRequests(): void
  sendSocketRequest(request: SocketRequest): void
  destroy(): void
}

type ConnectionError = new (message: string, of: { broker: string }) => Error

/** What the oldest request on a connection fails with when it is late: behind it there is nothing to be had. */
export interface Silence extends Error {
  isSilent: true
}

const SHORTEST_WAIT_MS = 10
const TIMEOUT_CHECK_MS = 1_000
/** What a client asks a broker first. One that takes the connection and is slow to answer even this is better left alone. */
const API_VERSIONS = 18
const GREETED_WITHIN_MS = 5_000

/**
 * KafkaJS 2.2.4 arms a timer of 1 ms again and again on every idle connection (its `throttledUntil` starts at -1) and
 * looks for timed-out requests ten times a second; together 4 % of a core for an idle consumer and producer. Here the
 * first timer is armed only while a request waits, and the second one rings once a second while one is not answered,
 * whatever becomes of the connection: KafkaJS looks no longer once it closes one, and what is asked meanwhile waits for
 * ever. Where the oldest request is the late one, the queue emits `silent`, and that request fails with a Silence, as if
 * the connection were lost: after a time-out KafkaJS asks the same broker again.
 *
 * @throws Error when KafkaJS no longer has what is replaced: the version is pinned, so that is a forgotten upgrade
 */
export function calmRequestQueue(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }
  const { KafkaJSConnectionError } = require('kafkajs/src/errors') as { KafkaJSConnectionError: ConnectionError }
  for (const method of [
    'scheduleCheckPendingRequests',
    'scheduleRequestTimeoutCheck',
    'sendSocketRequest',
    'destroy',
  ] as const) {
    if (typeof (prototype as unknown as Record<string, unknown>)[method] !== 'function') {
      throw new Error(`kafkajs has no RequestQueue.${method}: see whether calm-request-queue.ts is still needed`)
    }
  }
  const { sendSocketRequest } = prototype
  Object.assign(prototype, {
    scheduleCheckPendingRequests(this: RequestQueue) {
      if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
      const waitMs = Math.max(this.throttledUntil - Date.now(), SHORTEST_WAIT_MS)
      this.throttleCheckTimeoutId = setTimeout(() => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      }, waitMs)
    },
    /** Each request that is sent sees to it. */
    scheduleRequestTimeoutCheck() {},
    destroy(this: RequestQueue) {
      clearTimeout(this.throttleCheckTimeoutId ?? undefined)
      this.throttleCheckTimeoutId = null
    },
    sendSocketRequest(this: RequestQueue, request: SocketRequest) {
      if (request.entry.apiKey === API_VERSIONS)
        request.requestTimeout = Math.min(request.requestTimeout, GREETED_WITHIN_MS)
      sendSocketRequest.call(this, request)
      if (this.enforceRequestTimeout) this.requestTimeoutIntervalId ??= watchForTimeouts(this, KafkaJSConnectionError)
    },
  })
}

function watchForTimeouts(queue: RequestQueue, Lost: ConnectionError): NodeJS.Timeout {
  let lookedAt = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    // What came while this process itself stood still has to be read first.
    const isLate = now - lookedAt > 2 * TIMEOUT_CHECK_MS
    lookedAt = now
    if (!isLate) failTimedOut(queue, now, Lost)
    if (queue.inflight.size > 0) return
    clearInterval(timer)
    queue.requestTimeoutIntervalId = undefined
  }, TIMEOUT_CHECK_MS)
  return timer
}

function failTimedOut(queue: RequestQueue, now: number, Lost: ConnectionError): void {
  const [oldest] = queue.inflight.values()
  for (const request of [...queue.inflight.values()]) {
    // Sent by a clock that has been put back since.
    request.sentAt = Math.min(request.sentAt, now)
    if (now - request.sentAt <= request.requestTimeout) continue
    if (request === oldest) rejectWithSilence(request, Lost)
    request.timeoutRequest()
    if (request === oldest) queue.emit('silent')
  }
}

function rejectWithSilence({ entry, broker }: SocketRequest, Lost: ConnectionError): void {
  const { reject } = entry
  entry.reject = ({ message }) => reject(Object.assign(new Lost(message, { broker }), { isSilent: true as const }))
}
