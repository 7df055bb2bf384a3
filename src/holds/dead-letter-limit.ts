import { FLOOD, type HoldRecord } from '../db/hold-record.ts'
import { orAborted } from '../or-aborted.ts'
import type { NewHold } from './lane-state.ts'

/**
 * Dead letters in a row. So many at once are not the records' fault but ours or Amazon's: then no more are written until
 * a person says resume, and after that one record goes first, alone.
 *
 * States: open, held (the limit was reached), probing (a person resumed: one goes first).
 */
export class DeadLetterLimit {
  readonly #limit: number
  readonly #onChange: (hold: NewHold | null) => void
  #inARow = 0
  #state: 'open' | 'held' | 'probing' = 'open'
  #changed = Promise.withResolvers<void>()

  /** @param onChange told when it begins to hold, and with null when the first record may go */
  constructor(limit: number, onChange: (hold: NewHold | null) => void) {
    this.#limit = limit
    this.#onChange = onChange
  }

  /** Whether only one record may be worked on. */
  get isProbing(): boolean {
    return this.#state === 'probing'
  }

  /**
   * Asks for leave to give a record up.
   *
   * @returns false when it had to wait for a person: the record is to be tried again
   * @throws the signal's reason
   */
  async admit(signal: AbortSignal): Promise<boolean> {
    if (this.#state !== 'held') return true
    while (this.#state === 'held') await orAborted(this.#changed.promise, signal)
    return false
  }

  /** Counts a record that has ended; a retry has not. While it holds, what was in the air by then tells nothing new. */
  record(isDeadLetter: boolean): void {
    if (this.#state === 'held') return
    this.#inARow = isDeadLetter ? this.#inARow + 1 : 0
    if (isDeadLetter && (this.#state === 'probing' || this.#inARow >= this.#limit)) this.#hold(this.#inARow)
    else if (!isDeadLetter) this.#to('open')
  }

  /** How many of these may end, one after the other, until it begins to hold: with the last of them. */
  countAdmitted(areDeadLetters: readonly boolean[]): number {
    let inARow = this.#state === 'open' ? this.#inARow : this.#limit - 1
    const last = areDeadLetters.findIndex((isDeadLetter) => {
      inARow = isDeadLetter ? inARow + 1 : 0
      return inARow >= this.#limit
    })
    return last === -1 ? areDeadLetters.length : last + 1
  }

  /** A person says that the cause is gone. */
  resume(): void {
    if (this.#state !== 'held') return
    this.#inARow = 0
    this.#to('probing')
  }

  /**
   * Goes on where another process stood, or an earlier one: the hold is not over because who made it is gone.
   *
   * @param stored the hold as it was left behind
   * @param resumedAt when a person last said resume, in milliseconds since 1970
   */
  restore(stored: HoldRecord | undefined, resumedAt: number): void {
    if (stored === undefined || this.#state !== 'open') return
    if (Date.parse(stored.since) < resumedAt) this.#to('probing')
    else this.#hold(stored)
  }

  #hold(why: number | HoldRecord): void {
    this.#to('held')
    this.#onChange(
      typeof why === 'object'
        ? why
        : {
            cause: FLOOD,
            message: `${why} dead letters in a row`,
            remedy:
              'see `album-enricher dead list`, mend the cause, then `album-enricher resume`: one record goes first, alone',
          },
    )
  }

  #to(state: 'open' | 'held' | 'probing'): void {
    if (state === this.#state) return
    const wasHeld = this.#state === 'held'
    this.#state = state
    if (wasHeld) this.#onChange(null)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
