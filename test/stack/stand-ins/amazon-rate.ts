/** How a request stands to the quota. */
export type Admission = 'accepted' | 'early' | 'day spent'

/** No request may come more than a tenth of an interval, at most 20 ms, before its time: what a network may do. */
const TOLERANCE = { share: 0.1, ms: 20 }

/**
 * Amazon's quota: so many requests a second, counted from the last accepted one, and so many a day.
 *
 * @param requestsPerDay counted from the first request on
 */
export function createRateMeter(requestsPerSecond: number, requestsPerDay = Number.POSITIVE_INFINITY) {
  const intervalMs = 1000 / requestsPerSecond
  const earliestMs = intervalMs - Math.min(intervalMs * TOLERANCE.share, TOLERANCE.ms)
  let lastAccepted = Number.NEGATIVE_INFINITY
  let accepted = 0
  return {
    /**
     * @param now when the request is read, in milliseconds of a clock that never goes back
     * @param arrived the earliest moment at which it can have come: the next one's interval counts from there
     */
    admit(now: number, arrived: number): Admission {
      if (now - lastAccepted < earliestMs) return 'early'
      if (accepted >= requestsPerDay) return 'day spent'
      lastAccepted = arrived
      accepted += 1
      return 'accepted'
    },
  }
}
