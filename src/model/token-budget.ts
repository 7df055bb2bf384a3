import { EnrichmentError } from '../errors.ts'

const DAY_MS = 86_400_000
const dayOf = (ms: number) => Math.floor(ms / DAY_MS)

/** What the model may cost in a day (UTC), in tokens sent and answered. */
export class TokenBudget {
  readonly #perDay: number
  readonly #whenSpent: 'hold' | 'review'
  #day = dayOf(Date.now())
  #spent = 0

  /** @param perDay undefined: as many as it takes */
  constructor(perDay: number | undefined, whenSpent: 'hold' | 'review') {
    this.#perDay = perDay ?? Number.POSITIVE_INFINITY
    this.#whenSpent = whenSpent
  }

  /** @param at milliseconds since 1970; tokens of an earlier day count for nothing */
  spend(tokens: number, at = Date.now()): void {
    this.#turnTo(Date.now())
    if (dayOf(at) === this.#day) this.#spent += tokens
  }

  /** Whether there is anything to count for. */
  get isBounded(): boolean {
    return this.#perDay < Number.POSITIVE_INFINITY
  }

  /**
   * @param tokens spent that day as it is stored: also by those who asked before this process did
   * @param at milliseconds since 1970, of the day that was looked for; an earlier one counts for nothing
   */
  learn(tokens: number, at: number): void {
    this.#turnTo(Date.now())
    if (dayOf(at) === this.#day) this.#spent = Math.max(this.#spent, tokens)
  }

  /**
   * Before each call. One call may go over what is left: nobody knows beforehand what it costs.
   *
   * @throws EnrichmentError MODEL_TOKENS_SPENT, or MODEL_DAY_SPENT where that is to hold the lane
   */
  check(): void {
    this.#turnTo(Date.now())
    if (this.#spent < this.#perDay) return
    const message = `${this.#spent} tokens of the day's ${this.#perDay} are spent (MODEL_TOKENS_PER_DAY); the next day begins at 00:00 UTC`
    throw new EnrichmentError(this.#whenSpent === 'hold' ? 'MODEL_DAY_SPENT' : 'MODEL_TOKENS_SPENT', message)
  }

  #turnTo(now: number): void {
    if (dayOf(now) === this.#day) return
    this.#day = dayOf(now)
    this.#spent = 0
  }
}
