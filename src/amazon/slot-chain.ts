import type { Booking, DayBudget, Slots } from '../amazon-slots.ts'
import { EnrichmentError } from '../errors.ts'
import { orAborted } from '../or-aborted.ts'
import { ClockMap } from './clock-map.ts'
import type { Wait } from './throttle.ts'

export interface ChainOptions {
  slots: Slots
  /** The full speed. */
  requestsPerSecond: number
  /** Whether more requests are to be expected after each: then moments are booked ahead. */
  isSteady: boolean
  /** Told of each booking. */
  onDay?: (day: DayBudget) => void
}

/** A booked moment. */
interface Slot {
  /** By the account's clock, in milliseconds. */
  at: number
  intervalMs: number
  /** Whether the account's next moment is ours, too, so that nobody else can come too soon after a late request. */
  isFollowed: boolean
}

/** Booked at once, at most: what the account's full speed makes of this time. */
const AHEAD_MS = 400
/**
 * How much of an interval may be made up for: two requests come closer by no more than this, and one that comes later than
 * this is late. Less than half of what Amazon's stand-in tolerates; the rest is the network's.
 */
const SLACK = { share: 0.04, ms: 10 }
/**
 * Shorter intervals are kept on the whole and not between two requests: a busy event loop has one turn for several, and whoever
 * counts them sees them come together.
 */
const SHORTEST_MS = 10
/** So late a moment may still be used, or an interval late where that is longer, if the next moment is ours too. */
const LATEST_MS = 300

/**
 * The moments booked for this process, and how they are used.
 *
 * The account's row makes sure that moments of several processes are an interval apart. That says nothing about when
 * requests are sent: this process may be late for a moment. Late for one whose successor is ours it only has to keep its own
 * distance, and makes up for the delay by and by; late for one that somebody else follows it lets it go by.
 */
export class SlotChain {
  readonly #options: ChainOptions
  readonly #clock = new ClockMap()
  readonly #slots: Slot[] = []
  /** The last one booked; perhaps used already. */
  #tail: { slot: Slot; nextAt: string } | null = null
  #head: Slot | null = null
  #booking: Promise<void> | null = null
  #holding: Promise<void> = Promise.resolve()
  /** Booked and let go by since the last booking. */
  #unused = 0
  /** How many to book at once: more while all are used. */
  #size = 1
  /** Counts the waits that a person has ended: what was being booked meanwhile is of no use. */
  #hurries = 0
  #notBefore = Number.NEGATIVE_INFINITY
  #usedAt = Number.NEGATIVE_INFINITY

  constructor(options: ChainOptions) {
    this.#options = options
  }

  /** Makes the next booked moment the head, if there is none, and sees to it that another follows. */
  async take(signal: AbortSignal): Promise<void> {
    while (this.#head === null) {
      this.#dropPast()
      this.#head = this.#slots.shift() ?? null
      if (this.#head === null) await orAborted(this.#book(), signal)
    }
    if (this.#options.isSteady && this.#slots.length < Math.min(2, this.#most)) {
      // Whoever needs it waits for it, and is told.
      this.#book().catch(() => undefined)
    }
  }

  /** When the head may be used, on the clock of performance.now(). */
  get due(): number {
    return this.#head === null ? this.#notBefore : Math.max(this.#clock.latest(this.#head.at), this.#notBefore)
  }

  /** Whether a request may be sent in the head's moment, as late as it is now. */
  get isInTime(): boolean {
    if (this.#head === null) return false
    const lateMs = this.#latenessOf(this.#head)
    const { intervalMs, isFollowed } = this.#head
    return lateMs <= slackOf(intervalMs) || (isFollowed && lateMs < latestOf(intervalMs))
  }

  /** The same, asking who follows if need be. Lets a moment go by that is of no use. @throws as `Pace.grant` */
  async isUsable(signal: AbortSignal): Promise<boolean> {
    const head = this.#head
    if (head === null) return false
    const mayBeFollowed = head === this.#tail?.slot && this.#latenessOf(head) < latestOf(head.intervalMs)
    if (!this.isInTime && mayBeFollowed) {
      const onFailure = (error: unknown) => {
        // Where the day is spent nobody follows.
        if (!head.isFollowed) throw error
      }
      await orAborted(this.#book().catch(onFailure), signal)
    }
    if (this.isInTime) return true
    this.#drop()
    return false
  }

  /** The head's request is sent, or given up: the interval counts from now. */
  use(): void {
    if (this.#head === null) return
    const { intervalMs } = this.#head
    this.#head = null
    this.#usedAt = performance.now()
    this.#notBefore = this.#usedAt + (intervalMs < SHORTEST_MS ? 0 : intervalMs - slackOf(intervalMs))
  }

  /** Amazon refuses: what is booked for the time of the wait goes by. */
  slowDown({ forMs, isNew }: Wait): void {
    this.#unused += this.#slots.length
    this.#slots.length = 0
    this.#notBefore = Math.max(this.#notBefore, performance.now() + forMs)
    this.#holding = this.#options.slots.slowDown(forMs, isNew)
    // Shown to whoever asks for the next turn.
    this.#holding.catch(() => undefined)
  }

  /** A person ends a wait, whoever was told to wait: what is booked for its end goes by. */
  hurry(): void {
    this.#hurries += 1
    this.#unused += this.#slots.length + (this.#head === null ? 0 : 1)
    this.#slots.length = 0
    this.#head = null
    this.#notBefore = this.#usedAt + 1_000 / this.#options.requestsPerSecond
    const held = this.#holding.catch(() => undefined)
    this.#holding = held.then(() => this.#options.slots.hurry())
    this.#holding.catch(() => undefined)
  }

  #drop(): void {
    this.#head = null
    this.#unused += 1
  }

  /** Of no use to anybody: from before a pause, or a standstill. */
  #dropPast(): void {
    while (this.#slots[0] !== undefined && this.#latenessOf(this.#slots[0]) >= latestOf(this.#slots[0].intervalMs)) {
      this.#slots.shift()
      this.#unused += 1
    }
  }

  #latenessOf({ at }: Slot): number {
    return performance.now() - this.#clock.earliest(at)
  }

  get #most(): number {
    return this.#options.isSteady ? Math.max(1, Math.floor((this.#options.requestsPerSecond * AHEAD_MS) / 1_000)) : 1
  }

  /** One booking at a time; whoever comes meanwhile waits for the same. */
  #book(): Promise<void> {
    this.#booking ??= this.#bookNext().finally(() => {
      this.#booking = null
    })
    return this.#booking
  }

  async #bookNext(): Promise<void> {
    const held = this.#holding
    // A hold that could not be shared is told once; this process keeps to it all the same.
    this.#holding = Promise.resolve()
    await held
    const askedAt = performance.now()
    const unused = this.#unused
    const hurries = this.#hurries
    const isIdle = askedAt - this.#usedAt > 1_000 / this.#options.requestsPerSecond + AHEAD_MS
    if (isIdle) this.#size = 1
    const booking = await this.#options.slots.book(this.#size, unused)
    this.#unused -= unused
    this.#clock.note(booking.now, askedAt, performance.now())
    this.#options.onDay?.(booking.day)
    if (this.#tail?.nextAt === booking.after) this.#tail.slot.isFollowed = true
    if (booking.count === 0) throw daySpent(booking.day)
    if (hurries === this.#hurries) this.#append(booking)
    else this.#unused += booking.count
    this.#size = Math.min(this.#most, this.#size * 2)
  }

  #append({ count, firstAt, intervalMs, nextAt }: Booking): void {
    const booked = Array.from({ length: count }, (_, index) => ({
      at: firstAt + index * intervalMs,
      intervalMs,
      isFollowed: index < count - 1,
    }))
    this.#slots.push(...booked)
    const slot = booked.at(-1)
    this.#tail = slot === undefined ? this.#tail : { slot, nextAt }
  }
}

function daySpent({ resetsAt }: DayBudget): EnrichmentError {
  const message =
    `the account's Amazon requests of the day are spent; more come at ${new Date(resetsAt).toISOString()}. ` +
    'AMAZON_REQUESTS_PER_DAY says how many it has'
  return new EnrichmentError('AMAZON_DAY_SPENT', message)
}

const latestOf = (intervalMs: number) => Math.max(intervalMs, LATEST_MS)
const slackOf = (intervalMs: number) => Math.min(intervalMs * SLACK.share, SLACK.ms)
