/** Moments for Amazon requests, one interval apart, that nobody else with the account has. Times are in milliseconds. */
export interface Booking {
  /** Fewer than were asked for when the day's requests are nearly spent; 0 when they are. */
  count: number
  /** The first of them, by the account's own clock. */
  firstAt: number
  intervalMs: number
  /** What that clock showed meanwhile. */
  now: number
  /** By which the account knows the end of the booking ... */
  nextAt: string
  /** ... and the end of the one before: the same as of our own last booking when nobody has booked in between. */
  after: string
  day: DayBudget
}

/** What an account may still ask today. */
export interface DayBudget {
  remaining: number
  /** When the next day begins for it, in milliseconds since 1970. */
  resetsAt: number
}

/** The account's moments, shared by every process that uses it. Each may throw when its server is away. */
export interface Slots {
  /**
   * Books the next free moments.
   *
   * @param unused moments booked before that nothing was sent in: they are given back to the day
   */
  book(count: number, unused: number): Promise<Booking>
  /**
   * Nobody sends for so many milliseconds.
   *
   * @param isNew whether everybody goes on more slowly after it, too, which passes step by step
   */
  slowDown(forMs: number, isNew: boolean): Promise<void>
  /** A person ends such a wait: the next moments are at once, behind those that may be booked already. */
  hurry(): Promise<void>
}

/** How a refusal slows the account down, and how it recovers: by shares of its full speed. */
export const SPEED = { afterRefusal: 0.8, least: 0.25, step: 0.1, stepMs: 5_000 } as const

/** Intervals that may be booked ahead of a request, by several processes. */
export const MOST_AHEAD = 3

/** No refusal makes anybody wait for longer: what Amazon names may be nonsense, and is shared with every process. */
export const LONGEST_WAIT_MS = 3_600_000

export const DAY_MS = 86_400_000
