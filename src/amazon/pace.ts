import { setTimeout as sleep, setImmediate as yieldOnce } from 'node:timers/promises'
import { MOST_AHEAD, SPEED } from '../amazon-slots.ts'
import { orAborted } from '../or-aborted.ts'
import { type ChainOptions, SlotChain } from './slot-chain.ts'
import { Throttle } from './throttle.ts'

/** Decides when the next catalog request may be sent. */
export interface Pace {
  /**
   * Waits for the caller's turn; turns come in the order of the calls.
   *
   * @throws EnrichmentError AMAZON_DAY_SPENT when the account has no requests left today, AMAZON_ONLY_THROTTLES when
   *   Amazon has said nothing but 429 for too long; the signal's reason when it aborts
   */
  grant(signal: AbortSignal): Promise<Grant>
  /**
   * Amazon asked to slow down: no turn before so many milliseconds; undefined means no hint: a growing backoff.
   *
   * @throws EnrichmentError AMAZON_ONLY_THROTTLES when it has said nothing else for too long
   */
  slowDown(retryAfterMs: number | undefined): void
  /** Amazon accepted a request, which ends the growth of the backoff. */
  answered(): void
  /** A reply that is not "slow down", and may be another refusal or a failure: Amazon says not only that. */
  replied(): void
  /** A request was given up, with an answer that is none or before its turn. */
  gaveUp(): void
  /** A person says that whatever Amazon asked to wait for is over: the next turn is tried at once. */
  hurry(): void
}

/** A turn, which nobody else in this process has before it is over. */
export interface Grant {
  /**
   * Whether it is too late to use it: a process that was stopped, or had to open a connection first. Another process may
   * have been let go since, and its request would be followed too closely.
   */
  isStale(): boolean
  /** Waits until it may be used after all. @throws as `grant` */
  renew(signal: AbortSignal): Promise<void>
  /**
   * To be called when the request is written to the connection, or given up: the interval counts from that moment. Calls
   * after the first change nothing.
   */
  sent(): void
}

export interface PaceOptions extends ChainOptions {
  /**
   * How long Amazon may say nothing but 429 before that is an error, in milliseconds; where somebody is told of waits,
   * besides the first one that Amazon names.
   */
  patienceMs: number
  /**
   * Told when requests wait for long because Amazon asked to slow down, with the time until which they do in milliseconds
   * since 1970, again at each refusal, and with null when that is over, or nobody waits any more. Not once patience is over, which is an error.
   */
  onThrottled?: (until: number | null) => void
}

/** A person may end a wait. */
const LONGEST_SLEEP_MS = 1_000
/** Nobody needs to be told of a shorter wait. */
const LONG_WAIT_MS = 15_000
/** Timers count whole milliseconds: what is shorter than this is yielded away. */
const SHORTEST_SLEEP_MS = 0.25

/**
 * A pace: moments that are booked for the account, and in this process besides an interval after the actual last send.
 * Counting from the send and not from the moment keeps a request that had to open its connection first from being followed
 * too closely. What is lost by that to a computer's lateness is made up for slowly: see SlotChain.
 */
export function createPace(options: PaceOptions): Pace {
  const chain = new SlotChain(options)
  const throttle = new Throttle(options.patienceMs, options.onThrottled !== undefined)
  const longWaitMs = LONG_WAIT_MS + (MOST_AHEAD * 1_000) / (options.requestsPerSecond * SPEED.least)
  let lastTurn: Promise<void> = Promise.resolve()
  /** Who wait for a turn. */
  let waiting = 0
  let isTold = false

  /** Also of a wait that another process was told, or this one's predecessor: it is booked for all. */
  function tellIfLong(): void {
    const waitMs = chain.due - performance.now()
    if (!throttle.isPatient || (waitMs < longWaitMs && throttle.lastsMs < LONG_WAIT_MS)) return
    isTold = true
    options.onThrottled?.(Date.now() + Math.max(0, waitMs))
  }

  async function waitUntil(due: () => number, signal: AbortSignal): Promise<void> {
    // Again after each sleep: slowDown() may have moved the date meanwhile.
    for (let wait = due() - performance.now(); wait > 0; wait = due() - performance.now()) {
      const nap = wait > SHORTEST_SLEEP_MS ? sleep(Math.min(wait, LONGEST_SLEEP_MS)) : yieldOnce()
      await orAborted(nap, signal)
    }
  }

  /** Makes the chain's head one that may be used now. */
  async function reachTurn(signal: AbortSignal): Promise<void> {
    do {
      await chain.take(signal)
      tellIfLong()
      await waitUntil(() => chain.due, signal)
    } while (!(await chain.isUsable(signal)))
  }

  /** As long as Amazon is waited for it must not be longer than our patience, unless that has run out already. */
  async function inPatience<T>(wait: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const watch = throttle.watch()
    waiting += 1
    try {
      return await wait(watch === null ? signal : AbortSignal.any([signal, watch.signal]))
    } finally {
      waiting -= 1
      watch?.end()
    }
  }

  return {
    async grant(signal) {
      const turn = Promise.withResolvers<void>()
      const before = lastTurn
      lastTurn = before.then(() => turn.promise)
      try {
        await inPatience(async (either) => {
          await orAborted(before, either)
          await reachTurn(either)
        }, signal)
      } catch (error) {
        turn.resolve()
        throw error
      }
      let told = false
      return {
        isStale: () => !chain.isInTime,
        renew: (renewal) => inPatience(reachTurn, renewal),
        sent() {
          if (told) return
          told = true
          chain.use()
          turn.resolve()
        },
      }
    },
    slowDown(retryAfterMs) {
      const wait = throttle.refuse(retryAfterMs)
      if (wait !== null) chain.slowDown(wait)
      throttle.assertPatience()
      tellIfLong()
    },
    answered() {
      if (!throttle.accept() || !isTold) return
      isTold = false
      options.onThrottled?.(null)
    },
    replied: () => throttle.replied(),
    gaveUp() {
      if (!isTold) return
      isTold = false
      // The last one that waited would leave nobody to find out that it is over.
      if (waiting > 0) tellIfLong()
      if (!isTold) options.onThrottled?.(null)
    },
    hurry() {
      if (chain.due - performance.now() < longWaitMs && throttle.lastsMs === 0) return
      throttle.hurry()
      chain.hurry()
    },
  }
}
