import { setImmediate as yieldOnce } from 'node:timers/promises'
import { isDataError } from '../../db/database-error.ts'
import { copyOf } from '../../errors.ts'
import type { Ownership } from './owned-stores.ts'

/** More of them would make the statements large, and no cheaper. */
const MOST_AT_ONCE = 200

interface Keyed {
  requestId: string
  albumId: string
}

interface Waiting<S, A> extends PromiseWithResolvers<A> {
  store: S
  signal: AbortSignal
}

/**
 * The stores of all albums in the air, written in groups: one loop takes what waits and writes it in one transaction, and
 * meanwhile the next group gathers. Nothing waits for a timer: a store that is alone goes at once.
 *
 * Each store gets its own answer. One whose data PostgreSQL refuses fails alone: its group is halved until it is found,
 * and the rest lands.
 */
export class StoreQueue<S extends Keyed, A> {
  readonly #lane: Pick<Ownership, 'isOwner' | 'owned'>
  readonly #write: (stores: S[]) => Promise<A[]>
  #waiting: Waiting<S, A>[] = []
  #isWriting = false

  /** @param write one transaction of the lane's owner; whatever it throws, nothing was written, unless it was the commit that failed */
  constructor(lane: Pick<Ownership, 'isOwner' | 'owned'>, write: (stores: S[]) => Promise<A[]>) {
    this.#lane = lane
    this.#write = write
  }

  /**
   * Resolves once it is committed.
   *
   * @param signal heeded until its group is written
   * @throws what `write` throws; the signal's reason
   */
  async add(store: S, signal: AbortSignal): Promise<A> {
    if (!this.#lane.isOwner) await this.#lane.owned(signal)
    signal.throwIfAborted()
    const waiting = { store, signal, ...Promise.withResolvers<A>() }
    this.#push(waiting)
    return waiting.promise
  }

  #push(waiting: Waiting<S, A>): void {
    this.#waiting.push(waiting)
    if (this.#isWriting) return
    this.#isWriting = true
    // Whatever else comes in this turn of the event loop is taken along.
    setImmediate(() => void this.#run())
  }

  async #run(): Promise<void> {
    for (let group = this.#take(); group.length > 0; group = this.#take()) {
      await this.#writeAll(group)
      // Albums that go on with what was just written have their next store ready within this turn of the event loop.
      await yieldOnce()
    }
    this.#isWriting = false
  }

  /** The oldest, one of an album: two at once would meet in one statement. */
  #take(): Waiting<S, A>[] {
    const group: Waiting<S, A>[] = []
    const later: Waiting<S, A>[] = []
    const keys = new Set<string>()
    for (const waiting of this.#waiting.filter((one) => this.#admit(one))) {
      const { requestId, albumId } = waiting.store
      if (group.length >= MOST_AT_ONCE || keys.has(requestId) || keys.has(albumId)) later.push(waiting)
      else {
        group.push(waiting)
        keys.add(requestId).add(albumId)
      }
    }
    this.#waiting = later
    return group
  }

  /** Whether it may be written now; if not, it is sent away, or waits until ownership of the lane is no longer in doubt. */
  #admit(waiting: Waiting<S, A>): boolean {
    const { signal, reject } = waiting
    if (signal.aborted) reject(signal.reason)
    else if (this.#lane.isOwner) return true
    else void this.#waitAgain(waiting)
    return false
  }

  async #waitAgain(waiting: Waiting<S, A>): Promise<void> {
    try {
      await this.#lane.owned(waiting.signal)
      this.#push(waiting)
    } catch (error) {
      waiting.reject(error)
    }
  }

  async #writeAll(group: Waiting<S, A>[]): Promise<void> {
    if (group.length === 0) return
    try {
      const answers = await this.#write(group.map(({ store }) => store))
      for (const [index, waiting] of group.entries()) waiting.resolve(answers[index] as A)
    } catch (error) {
      if (group.length === 1 || !isDataError(error)) {
        for (const { reject } of group) reject(copyOf(error))
        return
      }
      const half = group.length >> 1
      // Since the first try the lane or a signal may have gone.
      for (const part of [group.slice(0, half), group.slice(half)])
        await this.#writeAll(part.filter((one) => this.#admit(one)))
    }
  }
}
