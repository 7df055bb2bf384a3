import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'

interface RequestQueue extends EventEmitter {
  pending: unknown[]
  inflight: Map<unknown, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  requestTimeoutIntervalId: NodeJS.Timeout | undefined
  enforceRequestTimeout: boolean
  checkPendingRequests(): void
  sendSocketRequest(request: object): void
  destroy(): void
}

const SHORTEST_WAIT_MS = 10
const TIMEOUT_CHECK_MS = 1_000

/**
 * KafkaJS 2.2.4 arms a timer of 1 ms again and again on every idle connection (its `throttledUntil` starts at -1) and
 * looks for timed-out requests ten times a second; together 4 % of a core for an idle consumer and producer. Here the
 * first timer is armed only while a request waits, and the second one rings once a second while one is not answered,
 * whatever becomes of the connection: KafkaJS looks no longer once it closes one, and what is asked meanwhile waits for
 * ever. Where the oldest request is the late one, the queue emits `silent`.
 *
 * @throws Error when KafkaJS no longer has what is replaced: the version is pinned, so that is a forgotten upgrade
 */
export function calmRequestQueue(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue
  }
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
    sendSocketRequest(this: RequestQueue, request: object) {
      sendSocketRequest.call(this, request)
      if (this.enforceRequestTimeout) this.requestTimeoutIntervalId ??= watchForTimeouts(this)
    },
  })
}

function watchForTimeouts(queue: RequestQueue): NodeJS.Timeout {
  let lookedAt = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    // What came while this process itself stood still has to be read first.
    const isLate = now - lookedAt > 2 * TIMEOUT_CHECK_MS
    lookedAt = now
    if (!isLate) failTimedOut(queue, now)
    if (queue.inflight.size > 0) return
    clearInterval(timer)
    queue.requestTimeoutIntervalId = undefined
  }, TIMEOUT_CHECK_MS)
  return timer
}

function failTimedOut(queue: RequestQueue, now: number): void {
  const [oldest] = queue.inflight.values()
  for (const request of [...queue.inflight.values()]) {
    if (now - request.sentAt <= request.requestTimeout) continue
    request.timeoutRequest()
    if (request === oldest) queue.emit('silent')
  }
}
