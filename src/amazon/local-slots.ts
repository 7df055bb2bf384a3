import { type Booking, DAY_MS, MOST_AHEAD, type Slots, SPEED } from '../amazon-slots.ts'

/** The moments of a process that shares its account with nobody. */
export class LocalSlots implements Slots {
  readonly #intervalMs: number
  readonly #perDay: number
  #nextAt = 0
  #used = 0
  #dayEndsAt = Number.NEGATIVE_INFINITY
  #speed = 1
  #speedChangedAt = Number.NEGATIVE_INFINITY

  constructor(requestsPerSecond: number, requestsPerDay: number) {
    this.#intervalMs = 1_000 / requestsPerSecond
    this.#perDay = requestsPerDay
  }

  async book(count: number, unused: number): Promise<Booking> {
    const now = performance.now()
    const isNewDay = this.#dayEndsAt <= now
    if (isNewDay) this.#dayEndsAt = now + DAY_MS
    this.#used = isNewDay ? 0 : Math.max(0, this.#used - unused)
    if (this.#speed < 1 && now - this.#speedChangedAt >= SPEED.stepMs) this.#setSpeed(this.#speed + SPEED.step, now)
    const intervalMs = this.#intervalMs / this.#speed
    const given = Math.min(count, this.#perDay - this.#used)
    const after = String(this.#nextAt)
    const firstAt = Math.max(this.#nextAt, now)
    this.#nextAt = firstAt + given * intervalMs
    this.#used += given
    const resetsAt = performance.timeOrigin + this.#dayEndsAt
    const day = { remaining: this.#perDay - this.#used, resetsAt }
    return { count: given, firstAt, intervalMs, now, nextAt: String(this.#nextAt), after, day }
  }

  async slowDown(forMs: number, isNew: boolean): Promise<void> {
    const now = performance.now()
    this.#nextAt = Math.max(this.#nextAt, now + forMs)
    if (isNew) this.#setSpeed(this.#speed * SPEED.afterRefusal, now)
  }

  async hurry(): Promise<void> {
    this.#nextAt = Math.min(this.#nextAt, performance.now() + (MOST_AHEAD * this.#intervalMs) / this.#speed)
  }

  #setSpeed(speed: number, now: number): void {
    this.#speed = Math.min(1, Math.max(SPEED.least, speed))
    this.#speedChangedAt = now
  }
}
