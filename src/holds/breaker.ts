import {
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  type IBackoffFactory,
  noJitterGenerator,
} from 'cockatiel'
import { type ErrorCode, toEnrichmentError } from '../errors.ts'
import { ProbeQueue } from './probe-queue.ts'

export interface BreakerOptions {
  /**
   * Faults with this code in a row that open the breaker, each of another caller: one request that always meets a fault
   * is that request's trouble. Errors that are no fault neither count nor end the row.
   */
  threshold(code: ErrorCode): number
  /**
   * Whether the dependency is to blame for a failure with this code.
   *
   * @param openedBy the code that opened the breaker; null while it is closed. What is a fault of a server that answers
   *   may show, of one that was away, that it is back
   */
  isFault(code: ErrorCode, openedBy: ErrorCode | null): boolean
  firstProbeMs: number
  /** The time before each further probe doubles up to this. */
  longestProbeMs: number
  /** Ends all waiting for the dependency. What needs no waiting is still done: a process that stops finishes its work. */
  stopping: AbortSignal
  /** Called when the breaker opens, with the failure that opened it, when a probe fails with another code, with that, and once when it closes, with null. */
  onChange(open: { code: ErrorCode; message: string } | null): void
}

type Work<T> = (signal: AbortSignal, isProbe: boolean) => Promise<T>

/** A call failed after its signal was aborted, which tells nothing about the dependency. */
class CutShort extends Error {}

/**
 * Stands before one dependency. While that is away its callers wait here instead of failing, and one of them at a time
 * makes its own call as the probe; when that is answered, all go on.
 *
 * - closed: calls are made as they come. So many faults in a row as `threshold` says, each of another caller, open it
 * - open: callers wait; so does one whose call began before, when that has met a fault. Whoever's turn comes probes. When
 *   its last caller leaves it closes, unless the process stops: nobody is left to probe, and a lane that is held for it
 *   begins nothing that would be. So the next call finds out anew
 * - half open: the probe is under way, and the others wait. It closes for an answer, also one that is no fault; a fault, or
 *   an abort, opens it again. After an abort the next caller's turn comes at once
 *
 * So it is never open with nobody inside but in a process that stops; and a person who says that the fault is mended is heard.
 *
 * The states are cockatiel's, when to probe and who is not: cockatiel has no timer, so it would leave a probe to a call
 * that happens to come late enough, it cannot be told to probe at once, and what comes during a probe would wait deaf
 * to its signal. So nobody calls it while it is open but the caller whose turn it is.
 */
export class Breaker {
  readonly #options: BreakerOptions
  readonly #policy: CircuitBreakerPolicy
  readonly #probes = new ProbeQueue()
  readonly #firstDelay: IBackoffFactory<unknown>
  #nextDelay: IBackoffFactory<unknown>
  #openedAt = Number.NEGATIVE_INFINITY
  #openedBy: { code: ErrorCode; message: string; since: number } | null = null
  readonly #callers = new WeakMap<object, unknown>()
  /** Calls that are waiting or under way. */
  #inside = 0

  constructor(options: BreakerOptions) {
    const { firstProbeMs, longestProbeMs } = options
    this.#options = options
    this.#firstDelay = new ExponentialBackoff({
      generator: noJitterGenerator,
      initialDelay: firstProbeMs,
      maxDelay: longestProbeMs,
    })
    this.#nextDelay = this.#firstDelay

    const inARow = new Map<ErrorCode, Set<unknown>>()
    const policy = circuitBreaker(
      // What is no failure in cockatiel's eyes closes it after a probe, and a probe that was cut short must not.
      handleWhen((error) =>
        error instanceof CutShort ? policy.state === CircuitState.HalfOpen : this.#isFault(codeOf(error)),
      ),
      {
        breaker: {
          state: undefined,
          success: () => inARow.clear(),
          failure: () => {
            const error = errorOf(policy.lastFailure)
            const code = codeOf(error)
            const callers = inARow.get(code) ?? new Set()
            inARow.set(code, callers.add(this.#callers.get(error as object)))
            // Of a call that began before the breaker opened: only the probe decides what comes next.
            if (policy.state !== CircuitState.Closed) return false
            return callers.size >= options.threshold(code)
          },
        },
        // Over already, also when the wall clock that cockatiel measures with is put back.
        halfOpenAfter: Number.NEGATIVE_INFINITY,
      },
    )
    policy.onBreak((reason) => this.#onBreak(errorOf(reason)))
    policy.onReset(() => this.#onReset())
    this.#policy = policy
  }

  /** The failure that opened the breaker and when, in milliseconds since 1970; null while it is closed. */
  get openedBy(): { code: ErrorCode; message: string; since: number } | null {
    return this.#openedBy
  }

  /** When it last opened, in milliseconds since 1970; -Infinity before the first time. */
  get openedAt(): number {
    return this.#openedAt
  }

  /**
   * Does work that needs the dependency. While the breaker is open it waits for its turn and then does the work, again
   * if need be: also when it was this very work that met the fault.
   *
   * @param work is told whether it is the probe
   * @param signal ends the waiting; the work itself, which is handed it, must heed it on its own: a probe that waits on
   *   keeps everybody else from a turn
   * @param caller whose call it is; every call is another one's unless told
   * @throws what the work throws when that is no fault of the dependency, or when the breaker stays closed all the same;
   *   the reason of the signal, or of `stopping`
   */
  async run<T>(work: Work<T>, signal: AbortSignal, caller: unknown = Symbol('caller')): Promise<T> {
    this.#inside += 1
    try {
      return await this.#waitAndCall(work, signal, caller)
    } finally {
      this.#inside -= 1
      await this.#closeIfDeserted()
    }
  }

  async #waitAndCall<T>(work: Work<T>, signal: AbortSignal, caller: unknown): Promise<T> {
    const { stopping } = this.#options
    for (;;) {
      const isProbe = this.#openedBy !== null && (await this.#probes.waitForTurn(AbortSignal.any([signal, stopping])))
      // It may have opened anew before this caller got to run.
      if (this.#openedBy !== null && !isProbe) continue
      try {
        return await this.#policy.execute(async () => {
          try {
            return await orCutShort(() => work(signal, isProbe), signal)
          } catch (error) {
            if (error instanceof Object) this.#callers.set(error, caller)
            throw error
          }
        })
      } catch (thrown) {
        const error = thrown instanceof CutShort ? thrown.cause : thrown
        const wasFault = this.#isFault(codeOf(error))
        if (!wasFault) throw error
        signal.throwIfAborted()
        if (this.#openedBy === null) throw error
        stopping.throwIfAborted()
      } finally {
        if (isProbe) this.#probes.endTurn()
      }
    }
  }

  /** A person says that the fault is mended: the next probe is made at once, and those after it are frequent again. */
  probeNow(): void {
    this.#nextDelay = this.#firstDelay
    this.#probes.setNext(0)
  }

  async #closeIfDeserted(): Promise<void> {
    if (this.#inside > 0 || this.#openedBy === null || this.#options.stopping.aborted) return
    await this.#policy.execute(async () => undefined)
  }

  #isFault(code: ErrorCode): boolean {
    return this.#options.isFault(code, this.#openedBy?.code ?? null)
  }

  #onBreak(error: unknown): void {
    // The time of the probe that was cut short has come already: the next caller's turn begins at once.
    if (error instanceof CutShort) return
    const isNew = this.#openedBy === null
    if (isNew) this.#nextDelay = this.#firstDelay
    const delay = this.#nextDelay.next(undefined)
    this.#nextDelay = delay
    this.#probes.setNext(delay.duration)
    const { code, message } = toEnrichmentError(error)
    if (this.#openedBy !== null && !saysMore(code, this.#openedBy.code)) return
    if (isNew) this.#openedAt = Date.now()
    this.#openedBy = { code, message, since: this.#openedBy?.since ?? this.#openedAt }
    this.#options.onChange({ code, message })
  }

  #onReset(): void {
    this.#openedBy = null
    // All at once: each is paced or pooled behind its breaker anyway.
    this.#probes.releaseAll()
    this.#options.onChange(null)
  }
}

async function orCutShort<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    signal.throwIfAborted()
    return await work()
  } catch (error) {
    throw signal.aborted ? new CutShort('the call was aborted', { cause: error }) : error
  }
}

/** Each cause has another remedy, but that nobody answers mends none; a day that is spent ends by itself. */
function saysMore(code: ErrorCode, openedBy: ErrorCode): boolean {
  if (code.endsWith('_UNAVAILABLE')) return openedBy.endsWith('_DAY_SPENT')
  return code !== openedBy
}

const codeOf = (error: unknown) => toEnrichmentError(error).code

const errorOf = (reason: object | undefined) => (reason as { error?: unknown } | undefined)?.error
