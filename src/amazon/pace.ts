import { setTimeout as sleep, setImmediate as yieldOnce } from 'node:timers/promises'
import { orAborted } from './or-aborted.ts'

/** Decides when the next catalog request may be sent. */
export interface Pace {
  /**
   * Waits for the caller's turn; turns come in the order of the calls.
   *
   * @returns `sent`: to be called when the request is written to the connection, or given up. The interval counts
   *   from that moment and nobody else gets a turn before it. Calls after the first change nothing.
   * @throws the signal's reason when it aborts
   */
  grant(signal: AbortSignal): Promise<() => void>
  /** Amazon asked to slow down: no turn before so many milliseconds; undefined means no hint: a growing backoff. */
  slowDown(retryAfterMs: number | undefined): void
  /** Amazon accepted a request, which ends the growth of the backoff. */
  answered(): void
}

const FIRST_BACKOFF_MS = 1_000
const LONGEST_BACKOFF_MS = 60_000
/** Node's timers ring at once when asked for more than 24.8 days. */
const LONGEST_SLEEP_MS = 3_600_000
const TIMER_SLACK_MS = 2

/** Loops and timers are a millisecond late; without this, ten requests a second would be nine and three quarters. */
const FORGIVEN = { share: 0.02, ms: 2 }

/**
 * A pace for one process: an interval after the actual last send, never catching up. Counting from the send and not
 * from the turn keeps a request that had to open its connection first from being followed too closely. Only the small
 * lateness of a computer is forgiven: at most 2 % of an interval and 2 ms, a fifth of what Amazon's stand-in tolerates.
 */
export function createPace(requestsPerSecond: number): Pace {
  const intervalMs = 1000 / requestsPerSecond
  const forgivenMs = Math.min(intervalMs * FORGIVEN.share, FORGIVEN.ms)
  let notBefore = Number.NEGATIVE_INFINITY
  let refusals = 0
  let lastTurn: Promise<void> = Promise.resolve()

  async function waitUntilDue(signal: AbortSignal): Promise<void> {
    // Again after each sleep: slowDown() may have moved the date meanwhile.
    for (let wait = notBefore - performance.now(); wait > 0; wait = notBefore - performance.now()) {
      // A timer rings up to two milliseconds late, which would cost 2 % of ten requests a second: the end is yielded away.
      const nap = wait > TIMER_SLACK_MS ? sleep(Math.min(wait - TIMER_SLACK_MS, LONGEST_SLEEP_MS)) : yieldOnce()
      await orAborted(nap, signal)
    }
  }

  return {
    async grant(signal) {
      const turn = Promise.withResolvers<void>()
      const before = lastTurn
      lastTurn = before.then(() => turn.promise)
      try {
        await orAborted(before, signal)
        await waitUntilDue(signal)
      } catch (error) {
        turn.resolve()
        throw error
      }
      const due = notBefore
      let told = false
      return () => {
        if (told) return
        told = true
        // An interval after this turn was due makes up for what is forgiven; more than that is lost.
        notBefore = Math.max(notBefore, due + intervalMs, performance.now() + intervalMs - forgivenMs)
        turn.resolve()
      }
    },
    slowDown(retryAfterMs) {
      const now = performance.now()
      if (retryAfterMs !== undefined) {
        notBefore = Math.max(notBefore, now + retryAfterMs)
        return
      }
      // Several requests in the air are refused together: that is one reason to slow down, not several.
      if (refusals > 0 && now < notBefore - intervalMs) return
      const backoff = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** refusals)
      refusals += 1
      // Jitter, since other processes with the same credential are refused at the same moment.
      notBefore = Math.max(notBefore, now + backoff * (0.5 + Math.random() / 2))
    },
    answered() {
      // An answer that arrives while we hold back belongs to a request from before; it says nothing about now.
      if (performance.now() >= notBefore - intervalMs) refusals = 0
    },
  }
}
