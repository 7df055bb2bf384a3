import { LocalSlots } from '../../src/amazon/local-slots.ts'
import { createPace, type Pace } from '../../src/amazon/pace.ts'

/** A pace that nobody shares, of an account without a day's end. */
export function createLocalPace(
  requestsPerSecond: number,
  patienceMs = 600_000,
  onThrottled: (until: number | null) => void = () => undefined,
): Pace {
  const slots = new LocalSlots(requestsPerSecond, Number.POSITIVE_INFINITY)
  return createPace({ slots, requestsPerSecond, patienceMs, isSteady: true, onThrottled })
}
