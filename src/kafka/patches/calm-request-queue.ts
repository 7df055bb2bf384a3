import { createRequire } from 'node:module'

interface RequestQueue {
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
 * first timer is armed only while a request waits, and the second one rings once a second while one is not answered.
 *
 * @throws Error when KafkaJS no longer has what is replaced: the version is pinned, so that is a forgotten upgrade
 */
export function calmRequestQueue(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue
  }
  for (const method of ['scheduleCheckPendingRequests', 'scheduleRequestTimeoutCheck', 'sendSocketRequest'] as const) {
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
    /** Called once a connection is there. */
    scheduleRequestTimeoutCheck(this: RequestQueue) {
      if (!this.enforceRequestTimeout) return
      this.destroy()
      this.requestTimeoutIntervalId = undefined
    },
    sendSocketRequest(this: RequestQueue, request: object) {
      sendSocketRequest.call(this, request)
      if (this.enforceRequestTimeout) this.requestTimeoutIntervalId ??= watchForTimeouts(this)
    },
  })
}

function watchForTimeouts(queue: RequestQueue): NodeJS.Timeout {
  const timer = setInterval(() => {
    for (const request of queue.inflight.values()) {
      if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest()
    }
    // Also of a connection that is being closed, which waits for its answers: KafkaJS looks no longer then, and where the
    // broker has died whoever closes it waits for ever.
    if (queue.inflight.size > 0) return
    clearInterval(timer)
    queue.requestTimeoutIntervalId = undefined
  }, TIMEOUT_CHECK_MS)
  return timer
}
