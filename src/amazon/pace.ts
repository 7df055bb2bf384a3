import { setTimeout as sleep, setImmediate as yieldOnce } from 'node:timers/promises'
import { orAborted } from '../or-aborted.ts'

/** Decides when the next catalog request may be sent. */
export interface Pace {
  /** Waits for the caller's turn; turns come in the order of the calls. @throws the signal's reason when it aborts */
  grant(signal: AbortSignal): Promise<Grant>
  /** Amazon asked to slow down: no turn before so many milliseconds; undefined means no hint: a growing backoff. */
  slowDown(retryAfterMs: number | undefined): void
  /** Amazon accepted a request, which ends the growth of the backoff. */
  answered(): void
}

/** A turn, which nobody else in this process has before it is over. */
export interface Grant {
  /**
   * Whether it is too late to use it: a process that was stopped, or had to open a connection first. Another process may
   * have been let go since, and its request would be followed too closely.
   */
  isStale(): boolean
  /** Waits until it may be used after all. @throws the signal's reason when it aborts */
  renew(signal: AbortSignal): Promise<void>
  /**
   * To be called when the request is written to the connection, or given up: the interval counts from that moment. Calls
   * after the first change nothing.
   */
  sent(): void
}

/** The account's moments, shared by every process that uses the credential. Each may throw when its server is away. */
export interface SharedSlots {
  /** The next free moment: how long from now, in milliseconds. */
  book(): Promise<{ waitMs: number; nextAt: string }>
  /** Moves a booking that was not used in time to now; null when somebody has booked behind it. */
  moveToNow(nextAt: string): Promise<string | null>
  /** Nobody sends for so many milliseconds. */
  hold(forMs: number): Promise<void>
}

/** A booked moment. */
interface Slot {
  /** The earliest that it can be, on the clock of performance.now(). */
  earliestAt: number
  /** By which the account knows the booking. */
  nextAt: string
}

const FIRST_BACKOFF_MS = 1_000
const LONGEST_BACKOFF_MS = 60_000
/** A hint may be nonsense (a date, a clock that is wrong), and is shared with every process: it must end. */
const LONGEST_HINT_MS = 3_600_000
/** Node's timers ring at once when asked for more than 24.8 days. */
const LONGEST_SLEEP_MS = 3_600_000
const TIMER_SLACK_MS = 2
/** A moment used later than this would let the next one, in another process, come too soon after it. */
const LATEST_USE_MS = 5
const LATEST_TRIPS = 10

/** Loops and timers are a millisecond late; without this, ten requests a second would be nine and three quarters. */
const FORGIVEN = { share: 0.02, ms: 2 }

/**
 * A pace: an interval after the actual last send, never catching up. Counting from the send and not from the turn keeps
 * a request that had to open its connection first from being followed too closely. Only the small lateness of a computer
 * is forgiven: at most 2 % of an interval and 2 ms, a fifth of what Amazon's stand-in tolerates.
 *
 * @param shared keeps the pace across processes too: one after a crash, or several at once; without it only this one's
 */
export function createPace(requestsPerSecond: number, shared?: SharedSlots): Pace {
  const intervalMs = 1000 / requestsPerSecond
  const forgivenMs = Math.min(intervalMs * FORGIVEN.share, FORGIVEN.ms)
  let notBefore = Number.NEGATIVE_INFINITY
  /** End of the wait that Amazon asked for; `notBefore` may be later, for a turn that is booked among many. */
  let heldUntil = Number.NEGATIVE_INFINITY
  let refusals = 0
  let lastTurn: Promise<void> = Promise.resolve()
  let holding: Promise<void> = Promise.resolve()
  /** How long the latest bookings took, in milliseconds. */
  const trips: number[] = []

  async function waitUntilDue(signal: AbortSignal): Promise<void> {
    // Again after each sleep: slowDown() may have moved the date meanwhile.
    for (let wait = notBefore - performance.now(); wait > 0; wait = notBefore - performance.now()) {
      // A timer rings up to two milliseconds late, which would cost 2 % of ten requests a second: the end is yielded away.
      const nap = wait > TIMER_SLACK_MS ? sleep(Math.min(wait - TIMER_SLACK_MS, LONGEST_SLEEP_MS)) : yieldOnce()
      await orAborted(nap, signal)
    }
  }

  /** Waits for a shared moment and for our own spacing, whichever is later. */
  async function waitForSlot(slots: SharedSlots, signal: AbortSignal): Promise<Slot> {
    const held = holding
    // A hold that could not be shared is told once; this process keeps to it all the same.
    holding = Promise.resolve()
    await orAborted(held, signal)
    for (;;) {
      const askedAt = performance.now()
      const { waitMs, nextAt } = await orAborted(slots.book(), signal)
      const slot = toSlot(nextAt, askedAt, waitMs)
      await waitUntilDue(signal)
      const usable = await moveWhileStale(slots, slot, signal)
      if (usable !== null) return usable
    }
  }

  /** The booking, moved until it can be used in time; null when somebody has booked behind it. */
  async function moveWhileStale(slots: SharedSlots, booked: Slot, signal: AbortSignal): Promise<Slot | null> {
    let slot: Slot | null = booked
    while (slot !== null && !isInTime(slot)) slot = await moveToNow(slots, slot, signal)
    return slot
  }

  function toSlot(nextAt: string, askedAt: number, waitMs: number): Slot {
    const answeredAt = performance.now()
    // Not before the latest moment that it can be, nor long after the earliest.
    notBefore = Math.max(notBefore, answeredAt + waitMs)
    trips.push(answeredAt - askedAt)
    if (trips.length > LATEST_TRIPS) trips.shift()
    return { nextAt, earliestAt: askedAt + waitMs }
  }

  /** An answer that took longer than others lately may have come late, or the question: nobody can tell. */
  const isInTime = ({ earliestAt }: Slot) => performance.now() - earliestAt <= Math.min(...trips) + LATEST_USE_MS

  async function moveToNow(slots: SharedSlots, { nextAt }: Slot, signal: AbortSignal): Promise<Slot | null> {
    const askedAt = performance.now()
    const moved = await orAborted(slots.moveToNow(nextAt), signal)
    return moved === null ? null : toSlot(moved, askedAt, 0)
  }

  function hold(forMs: number): void {
    heldUntil = Math.max(heldUntil, performance.now() + forMs)
    notBefore = Math.max(notBefore, heldUntil)
    if (shared === undefined) return
    holding = shared.hold(forMs)
    // Shown to whoever asks for the next turn.
    holding.catch(() => undefined)
  }

  return {
    async grant(signal) {
      const turn = Promise.withResolvers<void>()
      const before = lastTurn
      lastTurn = before.then(() => turn.promise)
      let slot: Slot | undefined
      try {
        await orAborted(before, signal)
        if (shared === undefined) await waitUntilDue(signal)
        else slot = await waitForSlot(shared, signal)
      } catch (error) {
        turn.resolve()
        throw error
      }
      let due = notBefore
      let told = false
      return {
        // Without others to share with it is the time of the last request that counts, however late this one is.
        isStale: () => slot !== undefined && !isInTime(slot),
        async renew(renewal) {
          if (shared === undefined || slot === undefined) return
          slot = (await moveWhileStale(shared, slot, renewal)) ?? (await waitForSlot(shared, renewal))
          due = notBefore
        },
        sent() {
          if (told) return
          told = true
          // An interval after this turn was due makes up for what is forgiven; more than that is lost.
          notBefore = Math.max(notBefore, due + intervalMs, performance.now() + intervalMs - forgivenMs)
          turn.resolve()
        },
      }
    },
    slowDown(retryAfterMs) {
      if (retryAfterMs !== undefined) {
        hold(Math.min(retryAfterMs, LONGEST_HINT_MS))
        return
      }
      // Several requests in the air are refused together: that is one reason to slow down, not several.
      if (refusals > 0 && performance.now() < heldUntil) return
      const backoff = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** refusals)
      refusals += 1
      // Jitter, since other processes with the same credential are refused at the same moment.
      hold(backoff * (0.5 + Math.random() / 2))
    },
    answered() {
      // An answer that arrives while we hold back belongs to a request from before; it says nothing about now.
      if (performance.now() >= heldUntil) refusals = 0
    },
  }
}
